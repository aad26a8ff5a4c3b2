# Unit tests: UNIT-<test> lists the product sources that tests/unit/<test>.c is linked with. host.c and cmocka
# come with every one; sources compile against the host's libc, with -D_GNU_SOURCE. LOG=1 shows log lines.
UNIT-test_string := tests/unit/klibc.c
UNIT-test_format := tests/unit/klibc.c
UNIT-test_err := lib/err.c
UNIT-test_memmap := kernel/memmap.c lib/err.c
UNIT-test_heap := kernel/heap.c lib/err.c
UNIT-test_options := kernel/options.c lib/err.c
UNIT-test_url := net/url.c lib/err.c
UNIT-test_http_request := net/http/request.c net/url.c lib/err.c
UNIT-test_http_headers := net/http/headers.c lib/err.c
UNIT-test_http_response := net/http/response.c net/http/headers.c net/http/status.c lib/err.c
UNIT-test_http_chunked := net/http/chunked.c lib/err.c
UNIT-test_http_client := tests/unit/http_peer.c net/http/client.c net/http/request.c net/http/headers.c net/http/response.c net/http/status.c net/http/chunked.c net/url.c lib/err.c
UNIT-test_doors := boot/doors.c boot/multiboot2.c boot/multiboot1.c boot/pvh.c kernel/firmware/efi_map.c lib/err.c
