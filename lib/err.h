// Errors: one table of stable names, what each means and what the user can do about it.
// Functions return 0 (or a count) on success and a negative `enum err` on failure; the place that
// knows the details records them once with fail(), the place that knows the user shows them.
//
// Example:
//     if (length > room)
//         return fail(ERR_NOT_ENOUGH_MEMORY, "the ISO needs %llu MiB, %llu MiB are free", need, have);
#ifndef URLBOOT_LIB_ERR_H
#define URLBOOT_LIB_ERR_H

#include <stdint.h>

// X(constant, value, "StableName", "meaning", "what to try")
// The names never change once released: scripts and the manual refer to them.
#define ERR_TABLE(X) \
    X(ERR_NO_NIC_FOUND, -1, "NoNicFound", "there is no network controller to use", \
      "look at the network devices in the lines above, at nic= and at the cards in the README") \
    X(ERR_NIC_INIT_FAILED, -2, "NicInitFailed", "the network controller did not start", \
      "power the machine off and on again, or try another NIC with nic=") \
    X(ERR_DMA, -3, "DmaError", "the network controller and memory disagree", \
      "this is a driver or hardware fault: report it with the log above") \
    X(ERR_NO_LINK, -4, "NoLink", "no network cable is live", "plug the cable in, check the switch port") \
    X(ERR_NO_IP_ADDRESS, -5, "NoIpAddress", "no usable IP address", \
      "give one with ip=client::gateway:netmask::device:off:dns") \
    X(ERR_DHCP_TIMEOUT, -6, "DhcpTimeout", "no DHCP server answered", \
      "check cable, VLAN and DHCP server, or give an address with ip=") \
    X(ERR_DNS_LOOKUP_FAILED, -7, "DnsLookupFailed", "the host name could not be resolved", \
      "check the name, name a DNS server in ip=, or use an address in the URL") \
    X(ERR_CONNECTION_REFUSED, -8, "ConnectionRefused", "the server refused the connection", \
      "check the port and that the web server runs") \
    X(ERR_CONNECTION_TIMEOUT, -9, "ConnectionTimeout", "the server did not answer in time", \
      "check address, routing and firewalls; timeout= waits longer") \
    X(ERR_CONNECTION_RESET, -10, "ConnectionReset", "the server broke the connection off", \
      "look at the server's log, try again or use a mirror") \
    X(ERR_HTTP_STATUS, -11, "HttpError", "the server answered with an error status", \
      "check the URL; the number is the HTTP status") \
    X(ERR_INVALID_RESPONSE, -12, "InvalidResponse", "the server's answer is not valid", \
      "check that the URL is served by a web server") \
    X(ERR_TOO_MANY_REDIRECTS, -13, "TooManyRedirects", "the server redirects without end", \
      "use the final URL") \
    X(ERR_BODY_TRUNCATED, -14, "BodyTruncated", "the download ended before it was complete", \
      "look at the server's log, try again or use a mirror") \
    X(ERR_URL_INVALID, -15, "UrlInvalid", "the URL cannot be understood", \
      "write it as http://host[:port]/path") \
    X(ERR_SCHEME_UNSUPPORTED, -16, "SchemeUnsupported", "this kind of URL is not supported", \
      "use http://") \
    X(ERR_NO_URL, -17, "NoUrl", "no URL was given", \
      "give url= on the command line or a boot file URL by DHCP option 67") \
    X(ERR_NOT_ENOUGH_MEMORY, -18, "NotEnoughMemory", "the machine has too little RAM", \
      "use a smaller ISO or add memory") \
    X(ERR_DIGEST_MISMATCH, -19, "DigestMismatch", "the download is not what sha256= promises", \
      "check the digest; if it is right, do not trust the server or the path to it") \
    X(ERR_NOT_AN_ISO, -20, "NotAnIso", "what was downloaded is not an ISO 9660 image", \
      "check the URL in a browser: it may serve a web page or a compressed file") \
    X(ERR_ISO_INVALID, -21, "IsoInvalid", "the ISO 9660 image is damaged", \
      "check the image against its digest") \
    X(ERR_FILE_NOT_FOUND, -22, "FileNotFound", "a file is not in the ISO", \
      "check the names in kernel=, initrd= and entry=") \
    X(ERR_NO_BOOT_ENTRY, -23, "NoBootEntry", "no Linux was found in the ISO", \
      "name its files with kernel= initrd= append=") \
    X(ERR_KERNEL_INVALID, -24, "KernelInvalid", "the kernel file is not a 64-bit Linux kernel", \
      "check kernel=, or use an x86-64 ISO") \
    X(ERR_MEDIUM_IMPOSSIBLE, -25, "MediumImpossible", "the ISO cannot be handed to this Linux", \
      "choose with medium=; medium=none boots without it") \
    X(ERR_OPTION_UNKNOWN, -26, "OptionUnknown", "an option is not known", \
      "correct the spelling; words for Linux go behind --") \
    X(ERR_OPTION_INVALID, -27, "OptionInvalid", "an option has a wrong value", \
      "see the options table in the README") \
    X(ERR_BOOT_INFO_INVALID, -28, "BootInfoInvalid", "the boot loader handed over nonsense", \
      "use GRUB 2.06 or newer, iPXE, pxelinux or QEMU") \
    X(ERR_OUT_OF_HEAP, -29, "OutOfHeap", "urlboot's own memory is used up", \
      "report it with the log above") \
    X(ERR_UEFI_PROTOCOL_NOT_FOUND, -30, "UefiProtocolNotFound", "the firmware lacks a protocol", \
      "update the firmware, or boot in BIOS mode") \
    X(ERR_UEFI_OPERATION_FAILED, -31, "UefiOperationFailed", "the firmware refused an operation", \
      "update the firmware, or boot in BIOS mode") \
    X(ERR_STALLED, -32, "TransferStalled", "the server stopped sending", \
      "check server and network; timeout= waits longer") \
    X(ERR_TIMEOUT, -33, "Timeout", "hardware did not answer in time", \
      "power the machine off and on again") \
    X(ERR_UNSUPPORTED, -34, "Unsupported", "this is not supported", "see the README") \
    X(ERR_CANCELLED, -35, "Cancelled", "a key stopped it", "start again")

enum err {
#define ERR_ENUM(constant, value, name, meaning, advice) constant = (value),
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
};

// The stable name of error `err`, for example "DhcpTimeout"; "UnknownError" for any other number.
const char *err_name(int err);

// What `err` means, as a plain clause without full stop.
const char *err_meaning(int err);

// What the user can do about `err`, as a plain clause.
const char *err_advice(int err);

// Records why something failed (printf format, at most 200 bytes are kept, one sentence without full
// stop) and returns `err`, so that `return fail(ERR_X, ...)` reads as one step. The newest wins. What is not
// printable ASCII becomes '?': a server's words may be handed over as they are.
__attribute__((format(printf, 2, 3), cold)) int fail(int err, const char *format, ...);

// Adds to the last fail() what the user can do, where its cause allows more than err_advice(err): a plain
// clause, kept by pointer. Returns `err`.
// Example: return fail_try(fail(ERR_NO_NIC_FOUND, "PCI has none"), "enable it in the firmware's setup");
int fail_try(int err, const char *advice);

// What the user can do about `err`, the last failure: from fail_try(), else err_advice(err).
const char *fail_advice(int err);

// The sentence recorded by the last fail(), or "" when none was.
const char *fail_detail(void);

// The HTTP status recorded by fail_http_status(), 0 when none. Shown as HttpError(404).
unsigned fail_http_code(void);

// Records status `code` and its reason phrase from the server; returns ERR_HTTP_STATUS.
int fail_http_status(unsigned code, const char *host_and_path);

// Forgets what was recorded, before a new attempt.
void fail_clear(void);

#define FAIL_DETAIL_MAX 201  // 200 bytes and the NUL

// What fail() has recorded, for whoever goes on after a failure and may have to return it in the end, when
// others have been recorded since.
struct fail_record {
    int err;
    unsigned http_code;
    const char *advice;      // of fail_try(), NULL when the table's will do
    char detail[FAIL_DETAIL_MAX];
};

// Keeps the last failure, which was `err`.
// Example:
//     fail_keep(&kept, err);
//     ...
//     return fail_again(&kept);
void fail_keep(struct fail_record *kept, int err);

// Records a kept one anew and returns its error.
int fail_again(const struct fail_record *kept);

#endif
