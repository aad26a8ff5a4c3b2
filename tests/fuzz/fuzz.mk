# Fuzzers: FUZZ-<name> lists the product sources that tests/fuzz/<name>.c is linked with; host.c comes along.
FUZZ-fuzz_doors := boot/doors.c boot/multiboot2.c boot/multiboot1.c boot/pvh.c lib/err.c
FUZZ-fuzz_url := net/url.c lib/ip6.c lib/err.c
FUZZ-fuzz_http_response := net/http/response.c net/http/headers.c lib/err.c
FUZZ-fuzz_http_chunked := net/http/chunked.c lib/err.c
FUZZ-fuzz_http_client := tests/unit/http_peer.c net/http/client.c net/http/answer.c net/http/body.c net/http/request.c net/http/headers.c net/http/response.c net/http/status.c net/http/chunked.c net/url.c lib/ip6.c lib/err.c
FUZZ-fuzz_bzimage := kernel/linux/image.c kernel/linux/claims.c kernel/memmap.c lib/err.c
FUZZ-fuzz_efi_map := kernel/linux/efi_map.c lib/err.c
FUZZ-fuzz_acpi := kernel/acpi.c lib/err.c
FUZZ-fuzz_options := kernel/options.c kernel/option_values.c lib/err.c
FUZZ-fuzz_stack := $(NET_STACK)
FUZZ-fuzz_iso9660 := $(ISO_READER) lib/err.c
FUZZ-fuzz_boot_entry := tests/unit/tiny_iso.c $(ISO_READER) $(ISO_FINDERS) lib/err.c
