// The URL prompt on our own consoles and on the firmware's.

#include "kernel/ask.h"          // ask_url
#include "kernel/console.h"      // console_key
#include "kernel/cpu.h"          // cpu_relax
#include "kernel/firmware/efi.h" // efi_key
#include "kernel/prompt.h"       // prompt_begin
#include "lib/clock.h"           // deadline_ms
#include "lib/err.h"             // fail
#include "net/url.h"             // url_parse

#include <string.h>

#define LABEL "URL of the ISO: "
#define WIDTH 79                 // of the narrowest console
#define FIRST_KEY_MS 3000        // an optional question goes away after that
#define NEXT_KEY_MS 300000       // any question: nobody is there

struct terminal {
    int (*key)(void);
    void (*write)(const char *text);
};

static void write_own(const char *text)
{
    console_write(text, strlen(text));
}

static const struct terminal own = {console_key, write_own};
static const struct terminal firmware = {efi_key, efi_write};

// One edited line. It ends as cancelled when no first key comes until `deadline`, or no other for minutes.
static enum prompt_state edit_line(const struct terminal *t, char *text, size_t size, uint64_t deadline)
{
    struct prompt p;

    prompt_begin(&p, text, size);
    for (;;) {
        int key = t->key();
        if (key < 0) {
            prompt_show(&p, LABEL, WIDTH, t->write);
            if (deadline_passed(deadline))
                return PROMPT_CANCELLED;
            cpu_relax();
            continue;
        }
        deadline = deadline_ms(NEXT_KEY_MS);
        enum prompt_state state = prompt_key(&p, key);
        if (state != PROMPT_EDITING) {
            p.changed = true;
            prompt_show(&p, LABEL, WIDTH, t->write);
            t->write("\n");
            return state;
        }
    }
}

// Asks until the answer can be fetched, is empty or is refused with Escape: then text is empty.
static void ask(const struct terminal *t, char *text, size_t size, uint64_t deadline)
{
    static struct url url;

    text[0] = '\0';
    for (;;) {
        enum prompt_state state = edit_line(t, text, size, deadline);
        if (state == PROMPT_CANCELLED)
            text[0] = '\0';
        if (text[0] == '\0' || url_parse(&url, text, strlen(text)) == 0)
            return;
        t->write("That is no URL to boot from: ");
        t->write(fail_detail());
        t->write(".\n");
        deadline = deadline_ms(NEXT_KEY_MS);
    }
}

static int no_url(void)
{
    return fail(ERR_NO_URL, "none was typed (a question ends after five minutes without a key)");
}

int ask_url(char *url, size_t size)
{
    ask(&own, url, size, deadline_ms(NEXT_KEY_MS));
    return url[0] != '\0' ? 0 : no_url();
}

int ask_url_on_firmware(char *url, size_t size, bool optional)
{
    if (optional)
        efi_write("\nType a URL now, or wait 3 s for the one that DHCP names.\n");
    else
        efi_write("\n");
    ask(&firmware, url, size, deadline_ms(optional ? FIRST_KEY_MS : NEXT_KEY_MS));
    return url[0] != '\0' || optional ? 0 : no_url();
}
