// The command line: words as the Linux kernel has them. Pure: knows no hardware, builds on the host.
// Words in double quotes may hold spaces; backslash escapes one character (GRUB quotes that way). An
// unknown word is an error that names it and the known one it resembles. `--` ends urlboot's words; the rest
// is appended to the Linux command line as it stands. In names _ is the same as -. Given again, a word
// replaces what it said before, unless several are allowed.
#ifndef URLBOOT_KERNEL_OPTIONS_H
#define URLBOOT_KERNEL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPT_URLS_MAX 8
#define OPT_INITRDS_MAX 8
#define OPT_CONSOLES_MAX 4

enum opt_url_source { OPT_URL_GIVEN, OPT_URL_DHCP, OPT_URL_ASK };
enum opt_medium { OPT_MEDIUM_AUTO, OPT_MEDIUM_PMEM, OPT_MEDIUM_VMCORE, OPT_MEDIUM_INITRD, OPT_MEDIUM_NONE };
enum opt_start { OPT_START_LINUX, OPT_START_EFI };
enum opt_backend { OPT_BACKEND_AUTO, OPT_BACKEND_UEFI, OPT_BACKEND_NATIVE, OPT_BACKEND_SNP };
enum opt_on_error { OPT_ON_ERROR_WAIT, OPT_ON_ERROR_REBOOT, OPT_ON_ERROR_HALT };

struct opt_ip {               // ip=: Linux Documentation/admin-guide/nfs/nfsroot.rst
    bool dhcp;                // true: ask DHCP, the rest is unused
    uint32_t client, gateway, netmask;  // network byte order, 0 = not given
    uint32_t dns[2];
};

struct opt_console {          // console=ttyS0,115200n8 or tty0
    bool serial;
    unsigned port;            // 0..3 for ttyS0..3
    unsigned baud;            // 115200 unless given
};

struct options {
    enum opt_url_source url_source;  // url=dhcp, url=ask; without url= it is OPT_URL_DHCP
    const char *urls[OPT_URLS_MAX];
    unsigned url_count;
    bool have_sha256;
    uint8_t sha256[32];
    struct opt_ip ip;
    enum opt_backend backend;
    enum opt_start start;     // start=, what of the ISO is started
    const char *nic;          // nic=MAC or nic=bus:dev.fn; NULL = all
    const char *kernel;       // kernel=, path inside the ISO; NULL = from the boot entry
    const char *initrds[OPT_INITRDS_MAX];
    unsigned initrd_count;
    const char *append;       // append=, replaces the entry's words; NULL = from the entry
    const char *entry;        // entry=, title or number; NULL = the ISO's default
    enum opt_medium medium;
    struct opt_console consoles[OPT_CONSOLES_MAX];
    unsigned console_count;
    unsigned connections;     // connections=, at most so many to a server at a time, default 4
    unsigned retries;         // retry=, further attempts after the first, default 3
    unsigned timeout_s;       // timeout=, seconds without a byte before an attempt is given up, default 20
    enum opt_on_error on_error;
    bool debug;               // debug: show LOG_DEBUG lines
    bool profile;             // profile: count the download's cycles
    const char *linux_words;  // what follows `--`, "" when nothing does
    char storage[2 * 4096];   // the strings above point in here
};

// Parses `cmdline` (NUL-terminated, at most 4095 bytes) into *opt, which needs no preparation.
// 0; ERR_OPTION_UNKNOWN with fail() naming the word and a known one like it; ERR_SCHEME_UNSUPPORTED for a
// URL that is not http or https; ERR_OPTION_INVALID with fail() saying what is wrong with the value. On error
// *opt holds the defaults and what came before.
int options_parse(struct options *opt, const char *cmdline);

// Copies `cmdline` to out[size], cut to fit, with *** for the user and password of every URL in it: what is
// logged can be read by every user of the Linux that follows.
void options_without_secrets(const char *cmdline, char *out, size_t size);

struct option_info {
    const char *name;     // "url"
    const char *value;    // what may stand behind the =, NULL when the word has none
    const char *meaning;  // one clause with the default
};

// The options one by one, in the order a manual lists them. NULL after
// the last.
// Example: for (unsigned i = 0; options_info(i); i++) puts(options_info(i)->name);
const struct option_info *options_info(unsigned index);

#endif
