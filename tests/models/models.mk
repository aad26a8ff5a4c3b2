# Builds tests/models/nicmodel.c, network cards for QEMU that QEMU does not have:
#     make -f tests/models/models.mk BUILD=build
BUILD ?= build
CC    ?= gcc

MODELS_SRC   := $(addprefix tests/models/,nicmodel.c remote_pci.c pci_config.c guest_ram.c interrupts.c frame_port.c \
                complaints.c trace.c rtl.c rtl_chips.c rtl_access.c rtl_windows.c rtl_phy.c rtl_tx.c rtl_rx.c \
                rtl_checksum.c rtl_states.c)
MODELS_FLAGS := -std=gnu17 -D_GNU_SOURCE -O2 -g -I. -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes

# Linked under another name first: two builds at once leave a whole program behind.
$(BUILD)/models/nicmodel: $(MODELS_SRC) $(wildcard tests/models/*.h) lib/clock.h
	@mkdir -p $(@D)
	@echo "  HOST  $@"
	@$(CC) $(MODELS_FLAGS) $(MODELS_SRC) -o $@.$$$$ && mv $@.$$$$ $@
