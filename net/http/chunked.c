// The chunked transfer coding as a state machine over single bytes for the framing and whole pieces for the
// body. Spec: RFC 9112 7.1. Line ends of sizes and data must be CR LF: a decoder that takes a lone LF there
// can be made to disagree with a proxy in front of it. Extensions and trailers are checked and dropped.
#include "net/http/chunked.h"  // http_chunked_take

#include "lib/err.h"  // fail

enum state {
    SIZE,       // hex digits of chunk-size; zero is the state before the first byte
    BLANK,      // white space after the size, which some servers pad it with
    EXTENSION,  // ";name=value", dropped
    SIZE_LF,    // LF of the size line
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,       // at the start of a trailer line or of the last, empty line
    TRAILER_LINE,  // inside a trailer
    TRAILER_LF,    // LF of a trailer
    END_LF,        // LF of the last line
    END,
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int unexpected(uint8_t byte, const char *where)
{
    return fail(ERR_INVALID_RESPONSE, "byte 0x%02x %s of the chunked answer", byte, where);
}

static int take_size_digit(struct http_chunked *c, int digit)
{
    if (c->left > INT64_MAX >> 4)
        return fail(ERR_INVALID_RESPONSE, "a chunk of the answer is larger than 63 bits can say");
    c->left = c->left << 4 | (unsigned)digit;
    c->digits++;
    return 0;
}

// What may follow the digits: white space, an extension, the line end.
static int end_of_size(struct http_chunked *c, uint8_t byte)
{
    if (c->digits == 0)
        return unexpected(byte, "in place of a chunk size");
    if (byte == '\r')
        c->state = SIZE_LF;
    else if (byte == ';')
        c->state = EXTENSION;
    else if (byte == ' ' || byte == '\t')
        c->state = BLANK;
    else
        return unexpected(byte, "after a chunk size");
    return 0;
}

static int take_size_line(struct http_chunked *c, uint8_t byte)
{
    int digit = hex_value(byte);
    if (++c->taken > HTTP_CHUNK_LINE_MAX)
        return fail(ERR_INVALID_RESPONSE, "a chunk size line is longer than %u bytes", HTTP_CHUNK_LINE_MAX);
    if (c->state == SIZE && digit >= 0)
        return take_size_digit(c, digit);
    if (c->state == SIZE || c->state == BLANK)
        return end_of_size(c, byte);
    if (c->state == EXTENSION) {
        if (byte == '\r')
            c->state = SIZE_LF;
        else if ((byte < ' ' && byte != '\t') || byte == 127)
            return unexpected(byte, "in a chunk extension");
        return 0;
    }
    if (byte != '\n')
        return unexpected(byte, "after the CR of a chunk size line");
    c->state = c->left > 0 ? DATA : TRAILER;
    c->taken = 0;
    return 0;
}

static int take_data_end(struct http_chunked *c, uint8_t byte)
{
    if (byte != (c->state == DATA_CR ? '\r' : '\n'))
        return unexpected(byte, "where a chunk has to end with CR LF");
    c->state = c->state == DATA_CR ? DATA_LF : SIZE;
    c->digits = 0;
    return 0;
}

// Trailers are header lines: as there, a lone LF ends one.
static int take_trailer(struct http_chunked *c, uint8_t byte)
{
    if (++c->taken > HTTP_TRAILERS_MAX)
        return fail(ERR_INVALID_RESPONSE, "the trailers of the answer are longer than %u bytes",
                    HTTP_TRAILERS_MAX);
    switch (c->state) {
    case TRAILER:
    case TRAILER_LINE:
        if (byte == '\n')
            c->state = c->state == TRAILER ? END : TRAILER;
        else if (byte == '\r')
            c->state = c->state == TRAILER ? END_LF : TRAILER_LF;
        else if ((byte < ' ' && byte != '\t') || byte == 127)
            return unexpected(byte, "in a trailer");
        else
            c->state = TRAILER_LINE;
        return 0;
    default:
        if (byte != '\n')
            return unexpected(byte, "after the CR of a trailer");
        c->state = c->state == END_LF ? END : TRAILER;
        return 0;
    }
}

static int take_framing(struct http_chunked *c, uint8_t byte)
{
    if (c->state <= SIZE_LF)
        return take_size_line(c, byte);
    if (c->state <= DATA_LF)
        return take_data_end(c, byte);
    return take_trailer(c, byte);
}

int http_chunked_take(struct http_chunked *c, const uint8_t *data, size_t length, size_t *used, size_t *body)
{
    size_t at = 0;
    *used = *body = 0;
    while (at < length && c->state != DATA && c->state != END) {
        int err = take_framing(c, data[at++]);
        if (err)
            return err;
    }
    if (c->state == DATA && at < length) {
        *body = c->left < length - at ? (size_t)c->left : length - at;
        at += *body;
        c->left -= *body;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    *used = at;
    return c->state == END;
}
