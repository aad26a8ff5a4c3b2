// The boot URL in DHCP: option 67 (bootfile name), 114 (a URL), and the `file` field of BOOTP; and the
// vendor class we announce, so that a server can give urlboot other answers than a PXE ROM.
// Spec: RFC 2132 9.5 and 9.13, RFC 3679 section 5 (option 114), RFC 2131 4.1. Not handled: options split
// over several instances (RFC 3396): a URL over 255 bytes is refused as a whole.

#include "net/dhcp_options.h"  // boot_url_copy

#include <string.h>
#include <strings.h>

#include "hooks.h"           // dhcp_option_seen
#include "lwip/dhcp.h"       // netif_dhcp_data
#include "lwip/pbuf.h"       // pbuf_copy_partial
#include "lwip/prot/dhcp.h"  // DHCP_ACK
#include "net/netif.h"       // iface_of

#define OPTION_BOOT_FILE 67
#define OPTION_URL 114
#define OPTION_VENDOR_CLASS 60
#define OPTION_LENGTH_MAX 255

static const char vendor_class[] = "urlboot";

static bool has_url_scheme(const char *text, size_t length)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (unsigned i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t n = strlen(schemes[i]);
        if (length > n && strncasecmp(text, schemes[i], n) == 0)
            return true;
    }
    return false;
}

bool boot_url_copy(char *out, size_t size, const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == '\0')
        length--;
    if (length >= size || !has_url_scheme(text, length))
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

void dhcp_option_seen(struct netif *netif, uint8_t message_type, uint8_t option, uint8_t length,
                      struct pbuf *pbuf, uint16_t offset)
{
    struct iface *iface = iface_of(netif);
    char text[OPTION_LENGTH_MAX];

    // Offers come from every server, the acknowledgement from the one that was chosen. All known servers
    // put the message type first; an answer with its type behind the URL is not read.
    if (message_type != DHCP_ACK || (option != OPTION_BOOT_FILE && option != OPTION_URL))
        return;
    if (iface->boot_url_option == OPTION_BOOT_FILE && option == OPTION_URL)
        return;
    if (pbuf_copy_partial(pbuf, text, length, offset) != length)
        return;
    if (boot_url_copy(iface->boot_url, sizeof(iface->boot_url), text, length))
        iface->boot_url_option = option;
}

void dhcp_options_append(uint8_t *options, uint16_t *used)
{
    const size_t length = sizeof(vendor_class) - 1;

    // One byte must stay for the end mark.
    if (*used + 2 + length + 1 > DHCP_OPTIONS_LEN)
        return;
    options[*used] = OPTION_VENDOR_CLASS;
    options[*used + 1] = (uint8_t)length;
    memcpy(options + *used + 2, vendor_class, length);
    *used = (uint16_t)(*used + 2 + length);
}
