// EFI_HTTP_PROTOCOL as a client. Spec: UEFI 2.10 section 29.6. One request an instance: what edk2 does with a
// second one on the same connection differs from version to version.
// Tested: OVMF 2022.11.
#include "kernel/firmware/efi_http.h"     // efi_http_open
#include "kernel/firmware/efi_network.h"  // struct efi_network
#include "kernel/firmware/efi_state.h"    // efi_st
#include "kernel/memory.h"                // kcalloc
#include "lib/clock.h"                    // deadline_ms
#include "lib/err.h"                      // fail
#include "lib/log.h"                      // log_warn

#include <Protocol/Http.h>
#include <Protocol/ServiceBinding.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CANCEL_MS 300u        // for firmware to let go of a buffer
#define URL_LENGTH_MAX 2400   // a request target of URL_MAX with scheme, host and port

struct efi_http {
    EFI_SERVICE_BINDING_PROTOCOL *binding;
    EFI_HANDLE child;
    EFI_HTTP_PROTOCOL *http;
    EFI_HTTP_TOKEN token;
    EFI_HTTP_MESSAGE message;
    EFI_HTTP_REQUEST_DATA request;
    EFI_HTTP_RESPONSE_DATA response;
    EFI_HTTP_HEADER headers[EFI_HTTP_HEADERS_MAX];
    CHAR16 url[URL_LENGTH_MAX];
    bool pending;             // firmware holds the token
    bool reading;             // ... for an answer, not for the request
    bool secure;              // https
};

// UEFI counts statuses instead of naming them; in this order (section 29.6.4).
static const unsigned short statuses[] = {
    0,   100, 101, 200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 307, 400,
    401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 500,
    501, 502, 503, 504, 505, 308,
};

static_assert(sizeof(statuses) / sizeof(statuses[0]) == HTTP_STATUS_308_PERMANENT_REDIRECT + 1, "one each");

// What a status says about the server or the way to it; what is not listed is the firmware's fault.
static const struct {
    EFI_STATUS status;
    int err;
} causes[] = {
    {EFI_TIMEOUT, ERR_CONNECTION_TIMEOUT},
    {EFI_NO_RESPONSE, ERR_CONNECTION_TIMEOUT},
    {EFI_HOST_UNREACHABLE, ERR_CONNECTION_TIMEOUT},
    {EFI_NETWORK_UNREACHABLE, ERR_CONNECTION_TIMEOUT},
    {EFI_NO_MAPPING, ERR_NO_IP_ADDRESS},
    {EFI_NO_MEDIA, ERR_NO_LINK},
    {EFI_PORT_UNREACHABLE, ERR_CONNECTION_REFUSED},
    {EFI_CONNECTION_REFUSED, ERR_CONNECTION_REFUSED},
    {EFI_CONNECTION_RESET, ERR_CONNECTION_RESET},
    {EFI_CONNECTION_FIN, ERR_CONNECTION_RESET},
    {EFI_ABORTED, ERR_CONNECTION_RESET},
};

static int failed(EFI_STATUS status, const char *what)
{
    int err = ERR_UEFI_OPERATION_FAILED;

    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (causes[i].status == status)
            err = causes[i].err;
    return fail(err, "the firmware's HTTP: %s: %s", what, efi_status_name(status));
}

static int configure(struct efi_http *h, const struct efi_network *from, uint32_t timeout_ms)
{
    EFI_HTTPv4_ACCESS_POINT node4 = {.UseDefaultAddress = TRUE};
    EFI_HTTPv6_ACCESS_POINT node6 = {.LocalPort = 0};      // any
    EFI_HTTP_CONFIG_DATA config = {
        .HttpVersion = HttpVersion11,
        .TimeOutMillisec = timeout_ms,
        .LocalAddressIsIPv6 = from->ipv6,
    };

    memcpy(&node6.LocalAddress, from->address6, sizeof(node6.LocalAddress));
    if (from->ipv6)
        config.AccessPoint.IPv6Node = &node6;
    else
        config.AccessPoint.IPv4Node = &node4;
    EFI_STATUS status = h->http->Configure(h->http, &config);

    return EFI_ERROR(status) ? failed(status, "setting it up") : 0;
}

int efi_http_open(struct efi_http **http, const struct efi_network *from, uint32_t timeout_ms)
{
    EFI_GUID binding = EFI_HTTP_SERVICE_BINDING_PROTOCOL_GUID, protocol = EFI_HTTP_PROTOCOL_GUID;
    EFI_BOOT_SERVICES *bs = efi_st->BootServices;
    struct efi_http *h = kcalloc(1, sizeof(*h));
    int err;

    if (h == NULL)
        return fail(ERR_OUT_OF_HEAP, "no memory for an HTTP request");
    EFI_STATUS status = bs->HandleProtocol(from->controller, &binding, (VOID **)&h->binding);
    if (!EFI_ERROR(status))
        status = h->binding->CreateChild(h->binding, &h->child);
    if (EFI_ERROR(status)) {
        err = failed(status, "making an instance");
        goto err_child;
    }
    status = bs->HandleProtocol(h->child, &protocol, (VOID **)&h->http);
    if (!EFI_ERROR(status))
        status = bs->CreateEvent(0, TPL_CALLBACK, NULL, NULL, &h->token.Event);
    err = EFI_ERROR(status) ? failed(status, "making an instance") : configure(h, from, timeout_ms);
    if (err)
        goto err_open;
    h->token.Message = &h->message;
    *http = h;
    return 0;

err_open:
    if (h->token.Event != NULL)
        bs->CloseEvent(h->token.Event);
    h->binding->DestroyChild(h->binding, h->child);
err_child:
    kfree(h);
    return err;
}

// The token is firmware's from here on.
static void hand_over(struct efi_http *h)
{
    // An event that is still signalled from the last operation would end this one at once.
    efi_st->BootServices->CheckEvent(h->token.Event);
    h->token.Status = EFI_NOT_READY;
    h->pending = true;
    h->reading = h->message.Data.Request != &h->request;
}

static int begun(struct efi_http *h, EFI_STATUS status, const char *what)
{
    if (!EFI_ERROR(status))
        return 0;
    h->pending = false;
    return failed(status, what);
}

int efi_http_get(struct efi_http *h, const char *url, const struct efi_header *headers, unsigned count)
{
    size_t length = strlen(url);

    if (length >= URL_LENGTH_MAX || count > EFI_HTTP_HEADERS_MAX)
        return fail(ERR_UNSUPPORTED, "the request is too long for the firmware's HTTP");
    for (size_t i = 0; i <= length; i++)
        h->url[i] = (unsigned char)url[i];
    // SAFETY: edk2 only reads them; its types have no const.
    for (unsigned i = 0; i < count; i++)
        h->headers[i] = (EFI_HTTP_HEADER){(CHAR8 *)(uintptr_t)headers[i].name,
                                          (CHAR8 *)(uintptr_t)headers[i].value};
    h->secure = strncmp(url, "https:", 6) == 0;
    h->request = (EFI_HTTP_REQUEST_DATA){HttpMethodGet, h->url};
    h->message = (EFI_HTTP_MESSAGE){.Data.Request = &h->request, .HeaderCount = count, .Headers = h->headers};
    hand_over(h);
    EFI_STATUS status = h->http->Request(h->http, &h->token);
    if (status == EFI_ACCESS_DENIED) {
        h->pending = false;
        return fail(ERR_SCHEME_UNSUPPORTED, "the firmware does not allow this kind of URL (access denied)");
    }
    // Nothing was sent yet that could have been broken off: so edk2 calls a refusal.
    if (status == EFI_CONNECTION_RESET && !h->secure)  // with TLS its handshake may have been
        status = EFI_CONNECTION_REFUSED;
    // edk2 says so for a name that no DNS server knows.
    if (status == EFI_NOT_FOUND || status == EFI_DEVICE_ERROR) {
        h->pending = false;
        return fail(ERR_DNS_LOOKUP_FAILED, "the firmware found no way to the server (%s)",
                    efi_status_name(status));
    }
    return begun(h, status, "the request");
}

int efi_http_read_head(struct efi_http *h)
{
    h->response.StatusCode = HTTP_STATUS_UNSUPPORTED_STATUS;
    h->message = (EFI_HTTP_MESSAGE){.Data.Response = &h->response};
    hand_over(h);
    return begun(h, h->http->Response(h->http, &h->token), "the answer's head");
}

int efi_http_read_body(struct efi_http *h, void *buffer, size_t size)
{
    h->message = (EFI_HTTP_MESSAGE){.BodyLength = size, .Body = buffer};
    hand_over(h);
    EFI_STATUS status = h->http->Response(h->http, &h->token);
    if (status == EFI_CONNECTION_FIN) {
        h->pending = false;
        h->message.BodyLength = 0;
        h->token.Status = EFI_SUCCESS;
        return 0;
    }
    return begun(h, status, "the body");
}

int efi_http_poll(struct efi_http *h)
{
    if (h->pending) {
        h->http->Poll(h->http);
        if (EFI_ERROR(efi_st->BootServices->CheckEvent(h->token.Event)))
            return 0;
        h->pending = false;
    }
    // Every status from 300 on is an "HTTP error": the caller reads the status.
    if (!EFI_ERROR(h->token.Status) || h->token.Status == EFI_HTTP_ERROR)
        return 1;
    if (h->token.Status == EFI_CONNECTION_FIN) {
        h->message.BodyLength = 0;
        return 1;
    }
    return failed(h->token.Status, "the transfer");
}

// The firmware allocates the headers of an answer, and leaves them to us.
static void free_headers(struct efi_http *h)
{
    for (UINTN i = 0; h->reading && i < h->message.HeaderCount; i++) {
        efi_free(h->message.Headers[i].FieldName);
        efi_free(h->message.Headers[i].FieldValue);
    }
    if (h->reading)
        efi_free(h->message.Headers);
    h->message.Headers = NULL;
    h->message.HeaderCount = 0;
}

long efi_http_head(struct efi_http *h, char *text, size_t size)
{
    unsigned code = h->response.StatusCode;
    unsigned status = code < sizeof(statuses) / sizeof(statuses[0]) ? statuses[code] : 0;
    size_t used;

    if (status == 0) {
        free_headers(h);
        return fail(ERR_INVALID_RESPONSE, "the firmware has no number for the answer's status");
    }
    used = (size_t)snprintf(text, size, "HTTP/1.1 %u by UEFI\r\n", status);
    for (UINTN i = 0; i < h->message.HeaderCount && used < size; i++) {
        const EFI_HTTP_HEADER *header = &h->message.Headers[i];
        used += (size_t)snprintf(text + used, size - used, "%s: %s\r\n", header->FieldName,
                                 header->FieldValue);
    }
    if (used < size)
        used += (size_t)snprintf(text + used, size - used, "\r\n");
    free_headers(h);
    if (used >= size)
        return fail(ERR_INVALID_RESPONSE, "the answer's head has more than %zu bytes", size);
    return (long)used;
}

size_t efi_http_length(const struct efi_http *h)
{
    return h->message.BodyLength;
}

// Ends an answer that is being waited for: firmware signals the event when it has let go.
static void cancel(struct efi_http *h)
{
    uint64_t deadline = deadline_ms(CANCEL_MS);

    h->http->Cancel(h->http, &h->token);
    while (h->pending && !deadline_passed(deadline)) {
        h->http->Poll(h->http);
        h->pending = EFI_ERROR(efi_st->BootServices->CheckEvent(h->token.Event));
    }
}

bool efi_http_close(struct efi_http *h)
{
    bool reading = h->pending && h->reading;

    // A request that is under way cannot be cancelled: edk2's code for that is wrong up to this day. It dies
    // with its instance.
    if (reading)
        cancel(h);
    if (!h->pending)
        free_headers(h);
    // Closes the connection, which DestroyChild() alone has left open in some firmware; with TLS it may hang.
    if (!h->secure)
        h->http->Configure(h->http, NULL);
    EFI_STATUS status = h->binding->DestroyChild(h->binding, h->child);
    if (h->pending && (reading || EFI_ERROR(status))) {
        log_warn("UEFI: the firmware's HTTP holds on to a request that was cancelled");
        return false;
    }
    efi_st->BootServices->CloseEvent(h->token.Event);
    kfree(h);
    return true;
}
