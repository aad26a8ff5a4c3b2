# urlboot: boots Linux from the URL of an ISO image. `make help` lists what there is.
# Objects are listed in the order in which a boot flows through them.

BUILD       ?= build
THIRD_PARTY ?= $(BUILD)/third-party
CC          := $(if $(filter default,$(origin CC)),gcc,$(CC))
OBJCOPY     ?= objcopy
NM          ?= nm

.DEFAULT_GOAL := all
.PHONY: all clean help
#: make              build/urlboot.elf, the payload, and build/urlboot.iso, which boots it on BIOS and UEFI
#: make clean        removes build/ (with the cached test images and fetched sources)

# ---- what is compiled -------------------------------------------------------------------------------
include lib/third_party.mk

BOOT    := boot/header.o boot/entry.o boot/refuse.o boot/boot.o boot/doors.o boot/multiboot2.o boot/multiboot1.o \
           boot/pvh.o
KERNEL  := kernel/main.o kernel/stage_machine.o kernel/stage_network.o kernel/stage_backends.o kernel/stage_linux.o kernel/ask.o \
           kernel/console.o kernel/serial.o kernel/display.o kernel/vga.o kernel/framebuffer.o kernel/psf.o \
           kernel/font.o kernel/screen.o kernel/keyboard.o kernel/scancode.o kernel/escape.o \
           kernel/prompt.o kernel/progress.o kernel/phase.o kernel/profile.o kernel/failure.o kernel/reboot.o \
           kernel/log.o kernel/panic.o kernel/symbols.o \
           kernel/firmware/efi.o kernel/firmware/efi_memory.o kernel/firmware/efi_network.o kernel/firmware/efi_ip4.o kernel/firmware/efi_ip6.o kernel/firmware/efi_http.o kernel/firmware/efi_snp.o kernel/firmware/efi_start.o kernel/firmware/efi_map.o kernel/firmware/efi_paging.o \
           kernel/options.o kernel/option_values.o kernel/memory_init.o kernel/memmap.o kernel/heap.o kernel/tune.o \
           kernel/paging.o kernel/idt.o kernel/isr.o kernel/timer.o kernel/tsc_rate.o kernel/random.o \
           kernel/acpi.o kernel/acpi_machine.o kernel/image_sink.o
DRIVERS := drivers/pci/early.o drivers/pci/scan.o drivers/pci/config.o drivers/pci/function.o \
           drivers/pci/bars.o drivers/dma.o drivers/nic.o drivers/nic_table.o drivers/nic_buf.o drivers/nic_life.o drivers/tx_slots.o drivers/virtio/net.o drivers/virtio/net_rx.o \
           drivers/virtio/net_tx.o drivers/virtio/transport.o drivers/virtio/modern.o drivers/virtio/legacy.o \
           drivers/virtio/virtqueue.o drivers/mmio.o drivers/intel/net.o drivers/intel/ids.o \
           drivers/intel/address.o drivers/intel/mac.o drivers/intel/express.o drivers/intel/rings.o \
           drivers/intel/rx.o drivers/intel/tx.o drivers/realtek/net.o drivers/realtek/chips.o \
           drivers/realtek/fixups.o drivers/realtek/access.o drivers/realtek/mac.o drivers/realtek/phy.o \
           drivers/realtek/address.o drivers/realtek/dash.o drivers/realtek/rings.o drivers/realtek/rx.o \
           drivers/realtek/tx.o drivers/realtek/rtl8139.o drivers/realtek/rtl8139_ids.o drivers/realtek/rtl8139_mac.o \
           drivers/realtek/rtl8139_address.o drivers/realtek/rtl8139_rx.o drivers/realtek/rtl8139_tx.o drivers/snp/snp.o
NET     := net/lwip/port.o net/netif.o net/join.o net/filter.o net/poll.o net/dhcp_options.o net/address.o net/stack.o net/dns.o net/tcp.o \
           net/backend.o net/stack_backend.o net/uefi_stream.o net/download.o net/parallel.o net/parallel_lane.o net/spans.o net/progress.o net/digest_sink.o net/url.o net/http/request.o \
           net/http/headers.o net/http/response.o net/http/status.o net/http/chunked.o net/http/client.o \
           net/http/answer.o net/http/body.o
ISO     := iso/iso9660.o iso/directory.o iso/rock_ridge.o iso/joliet.o iso/path.o iso/boot_entry.o iso/finder.o \
           iso/grub_cfg.o iso/grub_lex.o iso/grub_script.o iso/grub_command.o iso/grub_test.o iso/grub_env.o \
           iso/bls.o iso/isolinux_cfg.o iso/treeinfo.o iso/known_paths.o iso/family.o
LINUX   := kernel/linux/image.o kernel/linux/claims.o kernel/linux/medium.o kernel/linux/initrd.o \
           kernel/linux/cpio.o kernel/linux/init_blob.o kernel/linux/ident_map.o kernel/linux/params.o \
           kernel/linux/efi_map.o kernel/linux/seed.o kernel/linux/prepare.o kernel/linux/start.o \
           kernel/linux/jump.o
LIB     := lib/err.o lib/string.o lib/copy.o lib/number.o lib/format.o lib/ip6.o lib/sha256.o

OBJS := $(addprefix $(BUILD)/,$(BOOT) $(KERNEL) $(DRIVERS) $(NET) $(ISO) $(LINUX) $(LIB))

# ---- how --------------------------------------------------------------------------------------------
# No SSE in ordinary code (interrupts save no vector registers), linked at -2 GiB (mcmodel=kernel).
WARN   := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes \
          -Wframe-larger-than=2048
KFLAGS := -std=gnu17 -O2 -g -ffreestanding -nostdinc -fno-strict-aliasing -mno-red-zone \
          -mgeneral-regs-only -mcmodel=kernel -fno-pic -fno-omit-frame-pointer \
          -fstack-protector-strong -mstack-protector-guard=global \
          -fno-delete-null-pointer-checks -ffunction-sections -fdata-sections \
          -fno-asynchronous-unwind-tables -fcf-protection=none
KINC   := -I. -isystem lib/include -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
          -isystem $(BUILD)/uapi $(THIRD_PARTY_INC)
LDFLAGS := -nostdlib -static -T linker.ld \
           -Wl,-z,max-page-size=4096,-z,noexecstack,--build-id=none,--gc-sections

# UEFI's strings are 16 bits wide.
$(BUILD)/kernel/firmware/%.o: KFLAGS += -fshort-wchar

include kernel/font.mk
include iso/medium-init/medium-init.mk
include tests/tests.mk

all: $(BUILD)/urlboot.elf $(BUILD)/urlboot.iso
	@:                            # else make says that there was nothing to do

# Two links: the first one's symbols become the table behind the backtraces of the second. The table lies
# behind the code (linker.ld), so that its size moves no function. Debuggers take urlboot.debug.
LINKED := $(OBJS) $(THIRD_PARTY_OBJS)

$(BUILD)/symbols-empty.S: kernel/mksymbols.sh
	@mkdir -p $(@D)
	@sh $< </dev/null >$@

$(BUILD)/symbols.S: $(BUILD)/urlboot.first kernel/mksymbols.sh
	@$(NM) -n $< | sh kernel/mksymbols.sh >$@

$(BUILD)/symbols.o $(BUILD)/symbols-empty.o: %.o: %.S
	@$(CC) -c $< -o $@

$(BUILD)/urlboot.first: $(LINKED) $(BUILD)/symbols-empty.o linker.ld
	@$(CC) $(LDFLAGS) $(LINKED) $(BUILD)/symbols-empty.o -o $@

$(BUILD)/urlboot.debug: $(LINKED) $(BUILD)/symbols.o linker.ld
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) $(LINKED) $(BUILD)/symbols.o -o $@

$(BUILD)/urlboot.elf: $(BUILD)/urlboot.debug
	@$(OBJCOPY) --strip-all $< $@
	@echo "  ELF   $@: $$(wc -c <$@) bytes"

clean:
	@rm -rf $(BUILD) 2>/dev/null || sudo rm -rf $(BUILD)   # test images belong to root

help:
	@sed -n 's/^#: //p' Makefile tests/tests.mk

# -MD, not -MMD: lwipopts.h is included by headers that count as the system's.
$(BUILD)/%.o: %.c | $(THIRD_PARTY_STAMP) $(BUILD)/uapi
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(KFLAGS) $(WARN) $(KINC) -MD -MP -c $< -o $@

$(BUILD)/%.o: %.S
	@mkdir -p $(@D)
	@echo "  AS    $<"
	@$(CC) $(KFLAGS) $(KINC) -MD -MP -c $< -o $@

-include $(OBJS:.o=.d)

# Linux's own headers (boot protocol, virtio, PCI), and nothing else of /usr/include.
$(BUILD)/uapi:
	@mkdir -p $@
	@ln -sfn /usr/include/linux $@/linux
	@ln -sfn /usr/include/asm-generic $@/asm-generic
	@ln -sfn /usr/include/video $@/video
	@ln -sfn /usr/include/x86_64-linux-gnu/asm $@/asm
