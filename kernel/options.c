// The command line (contract in kernel/options.h): splits it into words as GRUB and Linux quote them, looks
// each up in one table, and lets kernel/option_values.c read what stands behind the =. Given twice, the last
// one counts, or both where several are allowed. Not handled: single quotes, which GRUB removes itself.
#include "kernel/options.h"  // options_parse

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kernel/option_values.h"  // option_ip
#include "lib/err.h"               // fail

#define CMDLINE_MAX 4095
#define NAME_MAX_COMPARED 24  // longer than any name: more differs anyway
#define LETTERS_A_SLIP 3
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- one function per option: `value` lies in opt->storage ------------------------------------------------

static int set_url(struct options *opt, char *value)
{
    bool special = strcmp(value, "dhcp") == 0 || strcmp(value, "ask") == 0;

    if (opt->url_count > 0 && special)
        return fail(ERR_OPTION_INVALID, "url=%s cannot be combined with URLs", value);
    if (special) {
        opt->url_source = value[0] == 'd' ? OPT_URL_DHCP : OPT_URL_ASK;
        return 0;
    }
    if (strncasecmp(value, "http://", 7) != 0 && strncasecmp(value, "https://", 8) != 0)
        return fail(strstr(value, "://") != NULL ? ERR_SCHEME_UNSUPPORTED : ERR_OPTION_INVALID,
                    "url=%s must begin with http://, or be dhcp or ask", value);
    if (opt->url_count == OPT_URLS_MAX)
        return fail(ERR_OPTION_INVALID, "url= may be given %u times at most", OPT_URLS_MAX);
    opt->url_source = OPT_URL_GIVEN;
    opt->urls[opt->url_count++] = value;
    return 0;
}

static int set_sha256(struct options *opt, char *value)
{
    int err = option_digest(value, opt->sha256);

    opt->have_sha256 |= err == 0;
    return err;
}

static int set_ip(struct options *opt, char *value)
{
    return option_ip(value, &opt->ip);
}

static int set_nic(struct options *opt, char *value)
{
    int err = option_nic(value);

    if (!err)
        opt->nic = value;
    return err;
}

static int set_kernel(struct options *opt, char *value)
{
    opt->kernel = value;
    return 0;
}

static int set_initrd(struct options *opt, char *value)
{
    while (value) {
        char *comma = strchr(value, ',');
        if (comma)
            *comma = '\0';
        if (!*value)
            return fail(ERR_OPTION_INVALID, "initrd= names a file without a name");
        if (opt->initrd_count == OPT_INITRDS_MAX)
            return fail(ERR_OPTION_INVALID, "initrd= may name %u files at most", OPT_INITRDS_MAX);
        opt->initrds[opt->initrd_count++] = value;
        value = comma ? comma + 1 : NULL;
    }
    return 0;
}

static int set_append(struct options *opt, char *value)
{
    opt->append = value;
    return 0;
}

static int set_entry(struct options *opt, char *value)
{
    opt->entry = value;
    return 0;
}

// The place of `value` in `words`, or ERR_OPTION_INVALID.
static int choose(const char *name, const char *value, const char *const *words, unsigned count,
                  const char *all)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(words[i], value) == 0)
            return (int)i;
    return fail(ERR_OPTION_INVALID, "%s=%.40s is not one of %s", name, value, all);
}

static int set_medium(struct options *opt, char *value)
{
    static const char *const words[] = {
        [OPT_MEDIUM_AUTO] = "auto", [OPT_MEDIUM_PMEM] = "pmem", [OPT_MEDIUM_VMCORE] = "vmcore",
        [OPT_MEDIUM_INITRD] = "initrd", [OPT_MEDIUM_NONE] = "none",
    };
    int choice = choose("medium", value, words, COUNT(words), "auto, pmem, vmcore, initrd, none");

    if (choice < 0)
        return choice;
    opt->medium = (enum opt_medium)choice;
    return 0;
}

static int set_backend(struct options *opt, char *value)
{
    static const char *const words[] = {
        [OPT_BACKEND_AUTO] = "auto", [OPT_BACKEND_UEFI] = "uefi", [OPT_BACKEND_NATIVE] = "native",
        [OPT_BACKEND_SNP] = "snp",
    };
    int choice = choose("backend", value, words, COUNT(words), "auto, uefi, native, snp");

    if (choice < 0)
        return choice;
    opt->backend = (enum opt_backend)choice;
    return 0;
}

static int set_start(struct options *opt, char *value)
{
    static const char *const words[] = {[OPT_START_LINUX] = "linux", [OPT_START_EFI] = "efi"};
    int choice = choose("start", value, words, COUNT(words), "linux, efi");

    if (choice < 0)
        return choice;
    opt->start = (enum opt_start)choice;
    return 0;
}

static int set_console(struct options *opt, char *value)
{
    if (opt->console_count == OPT_CONSOLES_MAX)
        return fail(ERR_OPTION_INVALID, "console= may be given %u times at most", OPT_CONSOLES_MAX);
    int err = option_console(value, &opt->consoles[opt->console_count]);
    if (!err)
        opt->console_count++;
    return err;
}

static int set_connections(struct options *opt, char *value)
{
    return option_number("connections", value, 1, 8, &opt->connections);
}

static int set_retry(struct options *opt, char *value)
{
    return option_number("retry", value, 0, 1000, &opt->retries);
}

static int set_timeout(struct options *opt, char *value)
{
    return option_number("timeout", value, 1, 86400, &opt->timeout_s);
}

static int set_on_error(struct options *opt, char *value)
{
    static const char *const words[] = {
        [OPT_ON_ERROR_WAIT] = "wait", [OPT_ON_ERROR_REBOOT] = "reboot", [OPT_ON_ERROR_HALT] = "halt",
    };
    int choice = choose("on-error", value, words, COUNT(words), "wait, reboot, halt");

    if (choice < 0)
        return choice;
    opt->on_error = (enum opt_on_error)choice;
    return 0;
}

static int set_debug(struct options *opt, char *value)
{
    (void)value;
    opt->debug = true;
    return 0;
}

static int set_profile(struct options *opt, char *value)
{
    (void)value;
    opt->profile = true;
    return 0;
}

// ---- the table ----------------------------------------------------------------------------------------

#define MAY_BE_EMPTY true

static const struct option {
    struct option_info info;
    int (*set)(struct options *opt, char *value);
    bool may_be_empty;
} table[] = {
    {{"url", "http://HOST[:PORT]/PATH | dhcp | ask",
      "the ISO; repeated: mirrors of the same bytes; dhcp (default): from option 67 or 114; ask: typed in"},
     set_url, false},
    {{"sha256", "DIGEST",
      "expected SHA-256 of the ISO, 64 hexadecimal digits; if it differs nothing boots"},
     set_sha256, false},
    {{"ip", "dhcp | CLIENT::GATEWAY:NETMASK::DEVICE:off[:DNS0[:DNS1]]",
      "the network address, in the Linux kernel's own form; default dhcp"},
     set_ip, false},
    {{"nic", "MAC | BUS:DEVICE.FUNCTION",
      "use only this network controller; default: all, the first lease wins"},
     set_nic, false},
    {{"backend", "auto | uefi | native | snp",
      "the way to the network: the firmware's HTTP, our own drivers, the firmware's driver; default auto: "
      "the first of these that works, and a faster one when it is slow"},
     set_backend, false},
    {{"kernel", "PATH",
      "the Linux kernel inside the ISO; default: from the ISO's boot entry"},
     set_kernel, false},
    {{"initrd", "PATH[,PATH...]",
      "initial RAM disks inside the ISO, in this order; may be repeated"},
     set_initrd, false},
    {{"append", "\"WORDS\"",
      "words for Linux instead of those of the ISO's boot entry"},
     set_append, MAY_BE_EMPTY},
    {{"entry", "TITLE | NUMBER",
      "the ISO's boot entry to start; default: the one the ISO would choose"},
     set_entry, false},
    {{"start", "linux | efi",
      "what is started: the Linux in the ISO (default), or on UEFI its own boot loader, from a RAM disk"},
     set_start, false},
    {{"medium", "auto | pmem | vmcore | initrd | none",
      "how the ISO is handed to Linux; default auto"},
     set_medium, false},
    {{"console", "ttyS0[,BAUD[n8]] | tty0",
      "where urlboot writes; may be repeated; default: both"},
     set_console, false},
    {{"connections", "NUMBER",
      "at most so many to the server at a time, when one alone is slow on a long way; default 4"},
     set_connections, false},
    {{"retry", "NUMBER",
      "further attempts after a failed download; default 3"},
     set_retry, false},
    {{"timeout", "SECONDS",
      "an attempt is given up after that long without a byte; default 20"},
     set_timeout, false},
    {{"on-error", "wait | reboot | halt",
      "what to do after an error; default wait: for a key, at most 60 s"},
     set_on_error, false},
    {{"debug", NULL,
      "show the debug log"},
     set_debug, MAY_BE_EMPTY},
    {{"profile", NULL,
      "tell in clock cycles where the time of the download went"},
     set_profile, MAY_BE_EMPTY},
};

const struct option_info *options_info(unsigned index)
{
    return index < COUNT(table) ? &table[index].info : NULL;
}

// As Linux does, - and _ are the same in names.
static char name_char(char c)
{
    return c == '_' ? '-' : c;
}

static bool name_equal(const char *a, const char *b)
{
    while (*a && name_char(*a) == name_char(*b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

static unsigned min_unsigned(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool is_same_letter(char a, char b)
{
    return tolower((unsigned char)name_char(a)) == tolower((unsigned char)name_char(b));
}

// How many letters must be added, removed, changed or swapped with their neighbour to make `b` of `a`:
// the optimal string alignment distance, three rows of its table at a time.
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_MAX_COMPARED + 1];
    unsigned an = (unsigned)strnlen(a, NAME_MAX_COMPARED), bn = (unsigned)strnlen(b, NAME_MAX_COMPARED);

    for (unsigned i = 0; i <= an; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        for (unsigned j = 0; j <= bn; j++) {
            if (i == 0 || j == 0) {
                row[j] = i + j;
                continue;
            }
            unsigned change = above[j - 1] + !is_same_letter(a[i - 1], b[j - 1]);
            row[j] = min_unsigned(change, min_unsigned(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_unsigned(row[j], above2[j - 2] + 1);
        }
    }
    return rows[an % 3][bn];
}

// Fails for the unknown `name` with the known one that is nearest to it, if that can be what was meant: one
// slip, or about one in three letters.
static int unknown_word(const char *name, bool has_value)
{
    const struct option_info *nearest = &table[0].info;
    unsigned least = edit_distance(name, nearest->name);
    char shown[41];

    for (unsigned i = 1; i < COUNT(table); i++) {
        unsigned distance = edit_distance(name, table[i].info.name);
        if (distance < least) {
            least = distance;
            nearest = &table[i].info;
        }
    }
    snprintf(shown, sizeof(shown), "%s", name);
    for (char *p = shown; *p; p++)
        *p = isprint((unsigned char)*p) ? *p : '?';
    if (least > 1 && least > (strlen(name) + 1) / LETTERS_A_SLIP)
        return fail(ERR_OPTION_UNKNOWN, "'%s%s' is not known", shown, has_value ? "=" : "");
    return fail(ERR_OPTION_UNKNOWN, "'%s%s' is not known, did you mean '%s%s'?", shown, has_value ? "=" : "",
                nearest->name, nearest->value ? "=" : "");
}

static int set_word(struct options *opt, char *word)
{
    char *value = strchr(word, '=');
    bool has_value = value != NULL;

    if (has_value)
        *value++ = '\0';
    else
        value = word + strlen(word);
    for (unsigned i = 0; i < COUNT(table); i++) {
        const struct option *o = &table[i];
        if (!name_equal(word, o->info.name))
            continue;
        if (!o->info.value && has_value)
            return fail(ERR_OPTION_INVALID, "%s takes no value", o->info.name);
        if (o->info.value && !has_value)
            return fail(ERR_OPTION_INVALID, "%s needs a value: %s=%s", o->info.name, o->info.name,
                        o->info.value);
        if (!*value && !o->may_be_empty)
            return fail(ERR_OPTION_INVALID, "%s= has no value", o->info.name);
        return o->set(opt, value);
    }
    return unknown_word(word, has_value);
}

// ---- words --------------------------------------------------------------------------------------------

// Copies the word at `p` to `out` without its quotes and backslashes; returns what follows it, NULL when a
// quote is not closed or nothing follows a backslash.
static const char *next_word(const char *p, char *out)
{
    bool quoted = false;

    for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (*p == '\\') {
            if (!*++p)
                return NULL;
            *out++ = *p;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    return quoted ? NULL : p;
}

static const char *skip_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

static bool is_end_of_words(const char *p)
{
    return p[0] == '-' && p[1] == '-' && (!p[2] || isspace((unsigned char)p[2]));
}

// Keeps the rest of the command line for Linux, without the blanks around it.
static void keep_linux_words(struct options *opt, const char *p, char *out)
{
    size_t length;

    p = skip_blanks(p);
    length = strlen(p);
    while (length > 0 && isspace((unsigned char)p[length - 1]))
        length--;
    memcpy(out, p, length);
    out[length] = '\0';
    opt->linux_words = out;
}

int options_parse(struct options *opt, const char *cmdline)
{
    char *out = opt->storage;  // a word is never longer here than in the command line
    const char *p = cmdline;

    memset(opt, 0, sizeof(*opt));
    opt->url_source = OPT_URL_DHCP;
    opt->ip.dhcp = true;
    opt->connections = 4;
    opt->retries = 3;
    opt->timeout_s = 20;
    opt->linux_words = "";
    if (strnlen(cmdline, CMDLINE_MAX + 1) > CMDLINE_MAX)
        return fail(ERR_OPTION_INVALID, "the command line is longer than %u bytes", CMDLINE_MAX);
    for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
        if (is_end_of_words(p)) {
            keep_linux_words(opt, p + 2, out);
            break;
        }
        p = next_word(p, out);
        if (!p)
            return fail(ERR_OPTION_INVALID, "a double quote or backslash on the command line has no end");
        char *word = out;
        out += strlen(out) + 1;
        int err = *word ? set_word(opt, word) : 0;
        if (err)
            return err;
    }
    return 0;
}

// ---- showing it -----------------------------------------------------------------------------------------

// How many bytes of "user:password" begin at `p`, behind the "//" of a URL; 0 when there is no @ behind them.
static size_t userinfo_length(const char *p)
{
    size_t length = strcspn(p, "/?#\" \t");

    while (length > 0 && p[length] != '@')
        length--;
    return length;
}

void options_without_secrets(const char *cmdline, char *out, size_t size)
{
    size_t used = 0;

    while (*cmdline && used + 1 < size) {
        size_t secret = strncmp(cmdline, "//", 2) == 0 ? userinfo_length(cmdline + 2) : 0;
        if (secret > 0) {
            int more = snprintf(out + used, size - used, "//***");
            used += (size_t)more < size - used ? (size_t)more : size - used - 1;
            cmdline += 2 + secret;
        } else {
            out[used++] = *cmdline++;
        }
    }
    out[used] = '\0';
}
