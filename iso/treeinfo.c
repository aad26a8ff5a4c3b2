// The boot entry of an installation tree (Fedora, RHEL and kin): .treeinfo, an INI file that names kernel
// and initrd in [images-x86_64] (release-engineering/productmd, "treeinfo file format") and anaconda's
// second stage in [stage2]. It holds no kernel arguments, so where the medium is comes from its label.
#include "iso/finder.h"  // find_treeinfo

#include <stdio.h>
#include <string.h>

#define IMAGES "[images-x86_64]"

struct treeinfo {
    struct text family, version;
    struct text kernel, initrd;
    bool stage2;
};

// Splits "key = value".
static bool split(const struct text *line, struct text *key, struct text *value)
{
    const char *equals = memchr(line->at, '=', (size_t)(line->end - line->at));

    if (!equals)
        return false;
    *key = (struct text){line->at, equals};
    *value = (struct text){equals + 1, line->end};
    while (key->end > key->at && key->end[-1] == ' ')
        key->end--;
    while (value->at < value->end && *value->at == ' ')
        value->at++;
    return true;
}

static void take_line(struct treeinfo *t, const struct text *section, const struct text *line)
{
    struct text key, value;

    if (!split(line, &key, &value) || value.at == value.end)
        return;
    if (text_is(section, IMAGES) && text_is(&key, "kernel"))
        t->kernel = value;
    else if (text_is(section, IMAGES) && text_is(&key, "initrd"))
        t->initrd = value;
    else if (text_is(section, "[stage2]") && text_is(&key, "mainimage"))
        t->stage2 = true;
    else if (text_is(section, "[general]") && text_is(&key, "family"))
        t->family = value;
    else if (text_is(section, "[general]") && text_is(&key, "version"))
        t->version = value;
}

static bool absolute(const struct text *name, char *out, size_t size)
{
    int n = (int)(name->end - name->at);
    int length = snprintf(out, size, "%s%.*s", *name->at == '/' ? "" : "/", n, name->at);

    return (size_t)length < size;
}

static bool add_stage2(struct boot_entry *entry, const struct iso *iso)
{
    char word[32 + LABEL_WORD_MAX] = "inst.stage2=hd:LABEL=";
    size_t used = strlen(word);

    label_word(iso, word + used);
    return entry_add_words(entry, word, strlen(word));
}

int find_treeinfo(const struct iso *iso, const char *path, struct boot_entries *out)
{
    struct boot_entry *entry = entry_begin(out);
    struct treeinfo t;
    struct text text, line, section = {path, path};
    char initrd[ISO_PATH_MAX];

    memset(&t, 0, sizeof(t));
    if (!entry || !config_text(iso, path, &text))
        return 0;
    while (text_line(&text, &line)) {
        if (line.at < line.end && *line.at == '[')
            section = line;
        else
            take_line(&t, &section, &line);
    }
    if (!t.kernel.at || !absolute(&t.kernel, entry->kernel, sizeof(entry->kernel)))
        return 0;
    if (t.initrd.at && (!absolute(&t.initrd, initrd, sizeof(initrd)) || !entry_add_initrd(entry, initrd)))
        return 0;
    if (t.stage2 && !add_stage2(entry, iso))
        return 0;
    if (t.family.at)
        snprintf(entry->title, sizeof(entry->title), "%.*s %.*s", (int)(t.family.end - t.family.at),
                 t.family.at, (int)(t.version.end - t.version.at), t.version.at ? t.version.at : "");
    entry_commit(iso, out);
    return 0;
}
