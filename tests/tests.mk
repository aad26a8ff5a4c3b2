# Everything but the payload itself: images, running, tests, fuzzers, checks. Included by the Makefile.
# tests/unit/unit.mk names each unit test's product sources (UNIT-test_url := net/url.c ...), tests/fuzz/fuzz.mk
# each fuzzer's (FUZZ-fuzz_url := ...); the rules here do the rest.

-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk

MAKEFLAGS += -r                   # no built-in rules: they try to link .d files
HOST_CC  ?= gcc
FUZZ_CC  ?= clang
FUZZ_S   ?= 5
FUZZ_LONG_S ?= 600
# Debian's pytest belongs to Debian's Python.
PYTHON   := $(firstword $(wildcard /usr/bin/python3) python3)
MODE     ?= bios
NIC      ?= virtio-net-pci
MEM      ?= 3072
SIZE     ?= 256
ROUNDS   ?= 3
# Several jobs unless the user said how many.
JOBS      = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))

# ---- images -------------------------------------------------------------------------------------------
IMAGE_SRC := iso/mkimage.sh $(wildcard iso/image/boot/*.txt iso/image/boot/grub/*)

$(BUILD)/urlboot.iso: $(BUILD)/urlboot.elf $(IMAGE_SRC)
	@sh iso/mkimage.sh iso $< $@
	@echo "  ISO   $@"

# ---- unit tests: ASan and UBSan on the host ------------------------------------------------------------
SAN        := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_FLAGS := -std=gnu17 -D_GNU_SOURCE -g -O1 -Wall -Wextra -Werror -Wshadow -Wvla -I. $(THIRD_PARTY_INC)
UNIT_TESTS := $(sort $(patsubst UNIT-%,%,$(filter UNIT-test_%,$(.VARIABLES))))
FUZZERS    := $(sort $(patsubst FUZZ-%,%,$(filter FUZZ-fuzz_%,$(.VARIABLES))))
# Folders of third-party sources may be absolute (THIRD_PARTY=/dir); objects always land under build/.
host_objs   = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(subst $(THIRD_PARTY)/,third-party/,$(2)))
sha_flags   = $(if $(filter %/Sha256Opt.c,$(1)),-mssse3 -msse4.1 -msha)
# lwIP reads headers wherever they lie in a frame, which x86 allows.
third_flags = $(if $(filter $(THIRD_PARTY)/%,$(1)),-w -fno-sanitize=alignment) $(call sha_flags,$(1)) $(if $(filter kernel/firmware/% tests/unit/efi_ip_fake.c tests/unit/test_efi_network.c,$(1)),-fshort-wchar)

define UNIT_RULE
$(BUILD)/unit/$(1): $(call host_objs,unit-obj,tests/unit/$(1).c tests/unit/host.c $(UNIT-$(1)))
	@mkdir -p $$(@D)
	@echo "  LINK $$@"; $(HOST_CC) $(SAN) $$^ -o $$@ -lcmocka
endef
define FUZZ_RULE
$(BUILD)/fuzz/$(1): $(call host_objs,fuzz-obj,tests/fuzz/$(1).c tests/unit/host.c $(FUZZ-$(1)))
	@mkdir -p $$(@D)
	@echo "  LINK $$@"; $(FUZZ_CC) -fsanitize=fuzzer,address,undefined $$^ -o $$@
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call UNIT_RULE,$(t))))
$(foreach t,$(FUZZERS),$(eval $(call FUZZ_RULE,$(t))))

UNIT_OBJS := $(sort $(foreach t,$(UNIT_TESTS),\
               $(call host_objs,unit-obj,tests/unit/$(t).c tests/unit/host.c $(UNIT-$(t)))))
FUZZ_OBJS := $(sort $(foreach t,$(FUZZERS),\
               $(call host_objs,fuzz-obj,tests/fuzz/$(t).c tests/unit/host.c $(FUZZ-$(t)))))

# The source of a host object: third-party/... stands for $(THIRD_PARTY)/... .
.SECONDEXPANSION:
source_of = $(patsubst third-party/%,$(THIRD_PARTY)/%,$(1).c)

$(UNIT_OBJS): $(BUILD)/unit-obj/%.o: $$(call source_of,$$*) | $(THIRD_PARTY_STAMP)
	@mkdir -p $(@D)
	@echo "  HOST $<"; $(HOST_CC) $(HOST_FLAGS) -Wno-format-truncation $(SAN) $(call third_flags,$<) -MD -MP -c $< -o $@

$(FUZZ_OBJS): $(BUILD)/fuzz-obj/%.o: $$(call source_of,$$*) | $(THIRD_PARTY_STAMP)
	@mkdir -p $(@D)
	@echo "  FUZZ $<"; $(FUZZ_CC) $(HOST_FLAGS) -fsanitize=fuzzer-no-link $(SAN) $(call third_flags,$<) -MD -MP -c $< -o $@

-include $(UNIT_OBJS:.o=.d) $(FUZZ_OBJS:.o=.d)

# ---- instructions for each MiB ---------------------------------------------------------------------------
include tests/profile/profile.mk

.PHONY: unit fuzzers hosted wire models clang run iso gdb test check fuzz bench bench-hash images profile profile-renew
unit: $(addprefix $(BUILD)/unit/,$(UNIT_TESTS))
# The network stack as a Linux program, for tests/hosted.
hosted: $(THIRD_PARTY_STAMP)
	@$(MAKE) --no-print-directory -f tests/hosted/hosted.mk BUILD=$(BUILD) THIRD_PARTY=$(THIRD_PARTY) CC=$(HOST_CC)
# The wire between QEMU and a TAP, for tests/system.
wire:
	@$(MAKE) --no-print-directory -f tests/wire/wire.mk BUILD=$(BUILD) CC=$(HOST_CC)
# Network cards that QEMU does not have, for tests/system.
models:
	@$(MAKE) --no-print-directory -f tests/models/models.mk BUILD=$(BUILD) CC=$(HOST_CC)
# The payload by the other compiler: no warning there either, and the same checks. The wire and the models have to please
# both, too.
clang: $(THIRD_PARTY_STAMP)
	@$(MAKE) --no-print-directory -f tests/wire/wire.mk BUILD=$(BUILD)/clang CC=clang
	@$(MAKE) --no-print-directory -f tests/models/models.mk BUILD=$(BUILD)/clang CC=clang
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang THIRD_PARTY=$(THIRD_PARTY) CC=clang $(BUILD)/clang/urlboot.elf
fuzzers: $(addprefix $(BUILD)/fuzz/,$(FUZZERS))

# ---- what people type ----------------------------------------------------------------------------------
#: make run          boots it in QEMU from the image to a Debian Live system, in this terminal; settings:
#:                       URL=http://...      another ISO than the built-in Debian Live one
#:                       MODE=bios|uefi|kernel|pxe|pxe-uefi|ipxe|pxelinux      the way in (default bios)
#:                       NIC=virtio-net-pci|e1000|...   MEM=MiB   APPEND='more words -- words for Linux'
#: make gdb          the same, waiting for a debugger
#: make iso URL=...  puts a URL (and APPEND=) first in the menu of build/urlboot.iso
#: make test         unit tests, short fuzzing, tree checks, boots of all kinds in QEMU (TESTS=word: some; MODELS=1: also all
#:                       judges of the modelled network cards, some minutes more)
#: make check        tree and binary checks only
#: make fuzz         every fuzzer for FUZZ_LONG_S seconds (default 600)
#: make profile      counts the instructions that a MiB of a download takes, by function, into build/profile/
#: make profile-renew   the same, and writes the figures down for make test to compare with
#: make bench        urlboot beside Linux, iPXE, GRUB and UEFI: the same download, the same machine; settings:
#:                       BENCH=virtio,urlboot,linux     parts of names of NICs and clients (default all)
#:                       SIZE=MiB (default 256)   ROUNDS=N (default 3)
#:                       WIRE='delay_ms=12.5 loss_ppm=1000'   over distance and loss (each way; default: neither)
#: make bench-hash   what sha256= costs: the same download with it and without, over wires of several speeds (ROUNDS=N)
#: make images       the ISOs that the tests boot
#:                   All: BUILD=dir, THIRD_PARTY=dir (sources already unpacked), CC=clang
# Each installs what is missing first; a second make then sees the tools that the first one installed.
run gdb: export URLBOOT_GDB = $(filter gdb,$@)
run gdb: export URL := $(URL)
run gdb: export APPEND := $(APPEND)
run gdb:
	@sh tests/setup.sh run
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(PYTHON) tests/run.py --build $(BUILD) --mode $(MODE) --nic $(NIC) --mem $(MEM)

iso: export URL := $(URL)
iso: export APPEND := $(APPEND)
iso:
	@test -n "$$URL" || { echo "usage: make iso URL=http://server/live.iso [APPEND='sha256=...']" >&2; exit 2; }
	@sh tests/setup.sh build
	@$(MAKE) --no-print-directory $(JOBS) all
	@sh iso/mkimage.sh iso $(BUILD)/urlboot.elf $(BUILD)/urlboot.iso "url=$$URL" $(APPEND)
	@echo "$(BUILD)/urlboot.iso boots $$URL"

bench: export BENCH := $(BENCH)
bench:
	@sh tests/setup.sh bench
	@$(MAKE) --no-print-directory $(JOBS) $(BUILD)/urlboot.elf
	@$(PYTHON) -B tests/bench/bench.py --build $(BUILD) --size $(SIZE) --rounds $(ROUNDS) --only "$$BENCH" --wire "$(WIRE)"

bench-hash:
	@sh tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) hosted $(PROFILE_DIR)/receive
	@$(PYTHON) -B tests/bench/hash_cost.py --build $(BUILD) --size $(SIZE) --rounds $(ROUNDS)

# The test systems: a small ISO for the matrix, a full Debian Live ISO. Made once, kept in build/.
images:
	@sh tests/setup.sh run
	@sh tests/live/images.sh $(BUILD)/live

test:
	@sh tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) all unit fuzzers hosted wire models clang $(PROFILE_DIR)/receive
	@$(PYTHON) tests/run_tests.py --build $(BUILD) --fuzz-seconds $(FUZZ_S) \
	    --unit "$(UNIT_TESTS)" --fuzz "$(FUZZERS)" --check --profile $(PROFILE_COMPILER) --hosted --bench --system --only "$(TESTS)"

check:
	@sh tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) all clang
	@sh tests/check_tree.sh $(BUILD)/urlboot.elf $(BUILD)/clang/urlboot.elf

fuzz:
	@sh tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) fuzzers
	@$(PYTHON) tests/run_tests.py --build $(BUILD) --fuzz-seconds $(FUZZ_LONG_S) --fuzz "$(FUZZERS)"

profile profile-renew:
	@sh tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) $(PROFILE_DIR)/receive
	@$(PYTHON) -B tests/profile/profile.py --build $(BUILD) --compiler $(PROFILE_COMPILER) $(if $(filter %-renew,$@),--renew)
