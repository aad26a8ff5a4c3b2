# Unit tests: UNIT-<test> lists the product sources that tests/unit/<test>.c is linked with. host.c and cmocka
# come with every one; sources compile against the host's libc, with -D_GNU_SOURCE. LOG=1 shows log lines.
UNIT-test_string := tests/unit/klibc.c lib/copy.c
UNIT-test_tune := kernel/tune.c lib/copy.c
UNIT-test_format := tests/unit/klibc.c lib/copy.c
UNIT-test_err := lib/err.c
UNIT-test_memmap := kernel/memmap.c lib/err.c
UNIT-test_memmap_shared := kernel/memmap.c lib/err.c
UNIT-test_heap := kernel/heap.c lib/err.c
UNIT-test_options := kernel/options.c kernel/option_values.c lib/err.c
UNIT-test_sha256 := lib/sha256.c $(SHA256_SRC:%=$(THIRD_PARTY)/%)
UNIT-test_ip6 := lib/ip6.c
UNIT-test_url := net/url.c lib/ip6.c lib/err.c
UNIT-test_http_request := net/http/request.c net/url.c lib/ip6.c lib/err.c
UNIT-test_http_headers := net/http/headers.c lib/err.c
UNIT-test_http_response := net/http/response.c net/http/headers.c net/http/status.c lib/err.c
UNIT-test_http_chunked := net/http/chunked.c lib/err.c
UNIT-test_http_client := tests/unit/http_peer.c net/http/client.c net/http/answer.c net/http/body.c net/http/request.c net/http/headers.c net/http/response.c net/http/status.c net/http/chunked.c net/url.c lib/ip6.c lib/err.c
UNIT-test_doors := boot/doors.c boot/multiboot2.c boot/multiboot1.c boot/pvh.c kernel/firmware/efi_map.c lib/err.c
UNIT-test_cpio := kernel/linux/cpio.c
UNIT-test_efi_map := kernel/linux/efi_map.c lib/err.c
UNIT-test_linux_image := kernel/linux/image.c kernel/linux/claims.c kernel/memmap.c lib/err.c
UNIT-test_linux_params := kernel/linux/params.c kernel/linux/efi_map.c kernel/linux/image.c kernel/linux/claims.c kernel/memmap.c lib/err.c
UNIT-test_linux_medium := kernel/linux/medium.c kernel/linux/initrd.c kernel/linux/cpio.c kernel/linux/claims.c kernel/memmap.c lib/err.c
UNIT-test_linux_prepare := kernel/linux/prepare.c kernel/linux/params.c kernel/linux/efi_map.c kernel/linux/image.c kernel/linux/medium.c kernel/linux/initrd.c kernel/linux/cpio.c kernel/linux/claims.c kernel/linux/ident_map.c kernel/linux/seed.c kernel/memmap.c lib/err.c
UNIT-test_acpi := kernel/acpi.c lib/err.c
UNIT-test_tsc_rate := kernel/tsc_rate.c
UNIT-test_pci := drivers/pci/early.c drivers/pci/scan.c drivers/pci/config.c drivers/pci/function.c drivers/pci/bars.c lib/err.c
UNIT-test_pci_ecam := drivers/pci/config.c
LWIP_PBUF := tests/unit/lwip_pbuf.c net/lwip/port.c kernel/random.c $(patsubst %,$(THIRD_PARTY)/lwip/src/core/%.c,pbuf mem memp def stats inet_chksum)
UNIT-test_nic_buf := drivers/nic_buf.c drivers/dma.c $(LWIP_PBUF) lib/err.c
UNIT-test_snp := drivers/snp/snp.c drivers/nic_buf.c $(LWIP_PBUF) lib/err.c
UNIT-test_virtqueue := drivers/virtio/virtqueue.c lib/err.c
VIRTIO_NET := tests/unit/virtio_fake.c $(addprefix drivers/virtio/,net.c net_rx.c net_tx.c transport.c virtqueue.c) drivers/nic_buf.c $(LWIP_PBUF) lib/err.c
UNIT-test_virtio_net := $(VIRTIO_NET)
UNIT-test_virtio_errors := $(VIRTIO_NET)
INTEL := tests/unit/intel_fake.c $(addprefix drivers/intel/,net.c ids.c address.c mac.c express.c rings.c rx.c tx.c) drivers/nic_buf.c $(LWIP_PBUF) lib/err.c
UNIT-test_intel_net := $(INTEL)
UNIT-test_intel_chips := $(INTEL)
UNIT-test_intel_errors := $(INTEL)
RTL8139 := tests/unit/rtl8139_fake.c tests/unit/rtl8139_fake_regs.c $(addprefix drivers/realtek/,rtl8139.c rtl8139_ids.c rtl8139_mac.c rtl8139_address.c rtl8139_rx.c rtl8139_tx.c) drivers/nic_buf.c $(LWIP_PBUF) lib/err.c
UNIT-test_rtl8139_net := $(RTL8139)
UNIT-test_rtl8139_errors := $(RTL8139)
UNIT-test_ask := kernel/ask.c kernel/prompt.c net/url.c lib/ip6.c lib/err.c
UNIT-test_prompt := kernel/prompt.c
UNIT-test_screens := kernel/progress.c kernel/phase.c kernel/log.c kernel/symbols.c
UNIT-test_digest_sink := net/digest_sink.c net/progress.c lib/err.c lib/sha256.c $(SHA256_SRC:%=$(THIRD_PARTY)/%)
UNIT-test_image_sink := kernel/image_sink.c kernel/memmap.c lib/err.c
UNIT-test_efi_network := kernel/firmware/efi_network.c kernel/firmware/efi_ip4.c kernel/firmware/efi_ip6.c lib/ip6.c lib/err.c
UNIT-test_backend := net/backend.c lib/err.c
UNIT-test_uefi_stream := net/uefi_stream.c net/http/client.c net/http/answer.c net/http/body.c net/http/request.c net/http/headers.c net/http/response.c net/http/status.c net/http/chunked.c net/url.c lib/ip6.c lib/err.c
DOWNLOAD := tests/unit/download_peer.c net/download.c net/backend.c net/stack_backend.c net/digest_sink.c net/progress.c net/url.c lib/ip6.c net/http/status.c lib/err.c lib/sha256.c $(SHA256_SRC:%=$(THIRD_PARTY)/%)
UNIT-test_download := $(DOWNLOAD)
UNIT-test_download_backends := $(DOWNLOAD)
NET_STACK := tests/unit/net_peer.c net/lwip/port.c net/netif.c net/join.c net/filter.c net/poll.c net/dhcp_options.c net/address.c net/stack.c net/dns.c net/tcp.c drivers/nic_buf.c lib/err.c $(LWIP_SRC:%=$(THIRD_PARTY)/%)
UNIT-test_stack := kernel/random.c $(NET_STACK)
UNIT-test_tcp := kernel/random.c $(NET_STACK)
UNIT-test_profile := kernel/profile.c
UNIT-test_keyboard := kernel/scancode.c kernel/escape.c
UNIT-test_framebuffer := kernel/framebuffer.c kernel/psf.c kernel/screen.c
UNIT-test_console := kernel/console.c kernel/escape.c
UNIT-test_spans := net/spans.c
UNIT-test_parallel := net/parallel.c net/parallel_lane.c net/spans.c net/digest_sink.c net/progress.c lib/err.c lib/sha256.c $(SHA256_SRC:%=$(THIRD_PARTY)/%)
UNIT-test_parallel_http := net/parallel.c net/parallel_lane.c net/spans.c net/digest_sink.c lib/sha256.c $(SHA256_SRC:%=$(THIRD_PARTY)/%) net/http/client.c net/http/answer.c net/http/body.c net/http/request.c net/http/headers.c net/http/response.c net/http/status.c net/http/chunked.c net/url.c lib/ip6.c lib/err.c
ISO_READER := $(addprefix iso/,iso9660.c directory.c rock_ridge.c joliet.c path.c)
ISO_FINDERS := $(addprefix iso/,boot_entry.c finder.c grub_cfg.c grub_lex.c grub_script.c grub_command.c grub_test.c grub_env.c bls.c isolinux_cfg.c treeinfo.c known_paths.c family.c)
UNIT-test_boot_entry := tests/unit/tiny_iso.c $(ISO_READER) $(ISO_FINDERS) lib/err.c
UNIT-test_iso9660 := tests/unit/tiny_tree.c $(ISO_READER) lib/err.c
UNIT-test_isolinux := tests/unit/tiny_tree.c $(ISO_READER) $(ISO_FINDERS) lib/err.c
UNIT-test_family := tests/unit/tiny_tree.c $(ISO_READER) $(ISO_FINDERS) lib/err.c
UNIT-test_rock_ridge := $(ISO_READER) lib/err.c
UNIT-test_wire_line := tests/wire/line.c
UNIT-test_wire_settings := tests/wire/settings.c
UNIT-test_join := net/join.c $(LWIP_PBUF) lib/err.c
RTL_MODEL := tests/unit/rtl_model.c $(addprefix tests/models/,rtl.c rtl_chips.c rtl_access.c rtl_windows.c rtl_phy.c rtl_tx.c rtl_rx.c rtl_checksum.c rtl_states.c complaints.c trace.c guest_ram.c pci_config.c interrupts.c)
UNIT-test_rtl_complaints := $(RTL_MODEL)
UNIT-test_rtl_model := $(RTL_MODEL)
UNIT-test_remote_pci := $(addprefix tests/models/,remote_pci.c pci_config.c guest_ram.c interrupts.c trace.c)
