# Builds tests/wire/wire.c, the bad wire between a TAP interface and QEMU:
#     make -f tests/wire/wire.mk BUILD=build
BUILD ?= build
CC    ?= gcc

WIRE_SRC   := tests/wire/wire.c tests/wire/ports.c tests/wire/settings.c tests/wire/line.c
WIRE_FLAGS := -std=gnu17 -D_GNU_SOURCE -O2 -g -I. -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes

# Linked under another name first: two builds at once leave a whole program behind.
$(BUILD)/wire/wire: $(WIRE_SRC) $(wildcard tests/wire/*.h)
	@mkdir -p $(@D)
	@echo "  HOST  $@"
	@$(CC) $(WIRE_FLAGS) $(WIRE_SRC) -o $@.$$$$ && mv $@.$$$$ $@
