# Builds hosted_fetch, urlboot's network as a Linux program, with ASan and UBSan and once without (for speed):
#     make -f tests/hosted/hosted.mk BUILD=build
BUILD ?= build
CC    ?= gcc
THIRD_PARTY ?= $(BUILD)/third-party

include lib/third_party.mk

HOSTED_SRC := tests/hosted/hosted_fetch.c tests/hosted/tap_nic.c tests/unit/host.c drivers/nic_buf.c kernel/random.c \
              net/netif.c net/join.c net/filter.c net/address.c net/dhcp_options.c net/stack.c net/dns.c net/tcp.c net/poll.c net/lwip/port.c \
              net/backend.c net/stack_backend.c net/download.c net/parallel.c net/parallel_lane.c net/spans.c net/digest_sink.c net/progress.c net/url.c lib/ip6.c lib/err.c lib/sha256.c \
              $(wildcard net/http/*.c)
HOSTED_THIRD := $(LWIP_SRC) $(SHA256_SRC)

FLAGS     := -std=gnu17 -g -I. $(THIRD_PARTY_INC) -Wall -Wextra -Werror -Wshadow -Wvla
# -MD, not its variant without system headers: one of those (lwip/opt.h) includes lwipopts.h.
# lwIP reads headers wherever they lie in a frame; x86 allows it, and so do its packed structures.
SAN_FLAGS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=alignment
FAST_FLAGS := -O2

.DEFAULT_GOAL := all
all: $(BUILD)/hosted/hosted_fetch $(BUILD)/hosted/hosted_fetch_fast

$(BUILD)/hosted/hosted_fetch: $(HOSTED_SRC:%.c=$(BUILD)/hosted/san/%.o) $(HOSTED_THIRD:%.c=$(BUILD)/hosted/san/third/%.o)
	@echo "  LINK $@"; $(CC) $(SAN_FLAGS) $^ -o $@

$(BUILD)/hosted/hosted_fetch_fast: $(HOSTED_SRC:%.c=$(BUILD)/hosted/fast/%.o) $(HOSTED_THIRD:%.c=$(BUILD)/hosted/fast/third/%.o)
	@echo "  LINK $@"; $(CC) $(FAST_FLAGS) $^ -o $@

$(BUILD)/hosted/%/third/7zip/C/Sha256Opt.o: FLAGS += -mssse3 -msse4.1 -msha

$(BUILD)/hosted/san/third/%.o: $(THIRD_PARTY)/%.c
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(CC) $(FLAGS) $(SAN_FLAGS) -w -MD -MP -c $< -o $@

$(BUILD)/hosted/fast/third/%.o: $(THIRD_PARTY)/%.c
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(CC) $(FLAGS) $(FAST_FLAGS) -w -MD -MP -c $< -o $@

$(BUILD)/hosted/san/%.o: %.c
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(CC) $(FLAGS) $(SAN_FLAGS) -MD -MP -c $< -o $@

$(BUILD)/hosted/fast/%.o: %.c
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(CC) $(FLAGS) $(FAST_FLAGS) -MD -MP -c $< -o $@

-include $(shell find $(BUILD)/hosted -name '*.d' 2>/dev/null)
