// The conversations of test_http_client.c: what the server says on each connection, and what must come of it.
#ifndef URLBOOT_TESTS_UNIT_HTTP_TALKS_H
#define URLBOOT_TESTS_UNIT_HTTP_TALKS_H

#include "lib/err.h"   // ERR_INVALID_RESPONSE
#include "net/sink.h"  // SINK_LENGTH_UNKNOWN

#include <stdbool.h>
#include <stdint.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define PARTIAL "HTTP/1.1 206 Partial Content\r\n"
#define UNKNOWN SINK_LENGTH_UNKNOWN

struct talk {
    const char *name;
    const char *answers[4];  // one per connection
    int err;
    const char *says;        // part of the failure's sentence
    const char *body;        // what the sink holds afterwards
    uint64_t length;         // get.length
    unsigned status, redirects;
    // a resume, when not 0
    uint64_t offset;
    const char *validator;
    uint64_t known_length;
    bool restarted;
    const char *final;       // final_url; NULL: as asked
};

// clang-format off
static const struct talk talks[] = {
    {"by length", {OK "Content-Length: 5\r\n\r\nhello"}, .status = 200, .length = 5, .body = "hello"},
    {"garbage behind", {OK "Content-Length: 5\r\n\r\nhelloHTTP/1.1 500\r\n\r\n"}, .status = 200,
     .length = 5, .body = "hello"},
    {"empty", {OK "Content-Length: 0\r\n\r\nx"}, .status = 200, .length = 0, .body = ""},
    {"line feeds", {"HTTP/1.1 200 OK\ncontent-length: 5\n\nhello"}, .status = 200, .length = 5,
     .body = "hello"},
    {"until close", {"HTTP/1.0 200 OK\r\n\r\nhello"}, .status = 200, .length = UNKNOWN, .body = "hello"},
    {"until close, empty", {OK "\r\n"}, .status = 200, .length = UNKNOWN, .body = ""},
    {"chunked", {OK "Transfer-Encoding: chunked\r\n\r\n3;x\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\nrest"},
     .status = 200, .length = UNKNOWN, .body = "hello"},
    {"identity", {OK "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx"}, .status = 200,
     .length = 1, .body = "x"},
    {"interim",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      OK "Content-Length: 1\r\n\r\nx"},
     .status = 200, .length = 1, .body = "x"},
    {"upgrade", {"HTTP/1.1 101 Switching Protocols\r\n\r\n"}, .err = ERR_INVALID_RESPONSE,
     .says = "another protocol", .status = 101, .length = UNKNOWN, .body = ""},
    {"truncated", {OK "Content-Length: 9\r\n\r\nhello"}, .err = ERR_BODY_TRUNCATED,
     .says = "got 5 of 9 bytes", .status = 200, .length = 9, .body = "hello"},
    {"truncated chunk", {OK "Transfer-Encoding: chunked\r\n\r\n9\r\nhello"}, .err = ERR_BODY_TRUNCATED,
     .says = "got 5 bytes", .status = 200, .length = UNKNOWN, .body = "hello"},
    {"no last chunk", {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}, .err = ERR_BODY_TRUNCATED,
     .says = "got 5 bytes", .status = 200, .length = UNKNOWN, .body = "hello"},
    {"no trailer end", {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"},
     .err = ERR_BODY_TRUNCATED, .says = "got 5 bytes", .status = 200, .length = UNKNOWN, .body = "hello"},
    {"bad chunk", {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX"}, .err = ERR_INVALID_RESPONSE,
     .says = "chunk has to end", .status = 200, .length = UNKNOWN, .body = "hello"},
    {"gzip", {OK "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"}, .err = ERR_UNSUPPORTED,
     .says = "Content-Encoding 'gzip'", .status = 200, .length = UNKNOWN, .body = ""},
    {"two lengths", {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"}, .err = ERR_INVALID_RESPONSE,
     .says = "two headers", .status = 0, .length = UNKNOWN, .body = ""},
    {"not HTTP", {"\x15\x03\x03"}, .err = ERR_INVALID_RESPONSE, .says = "begins with", .status = 0,
     .length = UNKNOWN, .body = ""},
    {"closed", {""}, .err = ERR_CONNECTION_RESET, .says = "after 0 bytes of its answer's head", .status = 0,
     .length = UNKNOWN, .body = ""},
    {"closed in the head", {"HTTP/1.1 200 OK\r\nA:"}, .err = ERR_CONNECTION_RESET, .says = "after 19 bytes",
     .status = 0, .length = UNKNOWN, .body = ""},
    {"404", {"HTTP/1.1 404 Nope\r\nContent-Length: 1\r\n\r\nx"}, .err = ERR_HTTP_STATUS,
     .says = "h/d/x.iso (Not Found): HTTP status 404", .status = 404, .length = UNKNOWN, .body = ""},
    {"204", {"HTTP/1.1 204 No Content\r\n\r\n"}, .err = ERR_HTTP_STATUS, .says = "204", .status = 204,
     .length = UNKNOWN, .body = ""},
    {"304", {"HTTP/1.1 304 x\r\nLocation: /y\r\n\r\n"}, .err = ERR_HTTP_STATUS, .says = "304",
     .status = 304, .length = UNKNOWN, .body = ""},
    {"206 unasked", {PARTIAL "Content-Range: bytes 0-0/1\r\n\r\nx"}, .err = ERR_INVALID_RESPONSE,
     .says = "206", .status = 206, .length = UNKNOWN, .body = ""},
    {"416 unasked", {"HTTP/1.1 416 x\r\n\r\n"}, .err = ERR_HTTP_STATUS, .says = "416", .status = 416,
     .length = UNKNOWN, .body = ""},
    {"redirect, relative", {"HTTP/1.1 302 x\r\nLocation: ../y?z#f\r\nContent-Length: 100\r\n\r\nx",
     OK "Content-Length: 1\r\n\r\nx"}, .status = 200, .redirects = 1, .length = 1, .body = "x",
     .final = "http://h/y?z"},
    {"redirect, absolute", {"HTTP/1.1 301 x\r\nlocation: http://other:81/y\r\n\r\n", OK "\r\nxy"},
     .status = 200, .redirects = 1, .length = UNKNOWN, .body = "xy", .final = "http://other:81/y"},
    {"redirect, host", {"HTTP/1.1 307 x\r\nLocation: //other\r\n\r\n",
     "HTTP/1.1 308 x\r\nLocation: y\r\n\r\n", "HTTP/1.1 303 x\r\nLocation: /z\r\n\r\n", OK "\r\nx"},
     .status = 200, .redirects = 3, .length = UNKNOWN, .body = "x", .final = "http://other/z"},
    {"redirect to nowhere", {"HTTP/1.1 302 x\r\nLocation: \r\n\r\n"}, .err = ERR_INVALID_RESPONSE,
     .says = "where", .status = 302, .length = UNKNOWN, .body = ""},
    {"redirect to https", {"HTTP/1.1 302 x\r\nLocation: https://s/y\r\n\r\n"},
     .err = ERR_SCHEME_UNSUPPORTED, .says = "h redirects to https://s/y, and https is not supported",
     .status = 302, .length = UNKNOWN, .body = ""},
    {"redirect to ftp", {"HTTP/1.1 302 x\r\nLocation: ftp://s/y\r\n\r\n"}, .err = ERR_SCHEME_UNSUPPORTED,
     .says = "redirect to 'ftp://s/y': 'ftp' is not http", .status = 302, .length = UNKNOWN, .body = ""},
    {"redirect nowhere", {"HTTP/1.1 302 x\r\n\r\n"}, .err = ERR_INVALID_RESPONSE,
     .says = "does not say where", .status = 302, .length = UNKNOWN, .body = ""},
    {"redirect to nonsense", {"HTTP/1.1 302 x\r\nLocation: http://a b/\r\n\r\n"},
     .err = ERR_INVALID_RESPONSE, .says = "redirect to 'http://a b/': byte 9", .status = 302,
     .length = UNKNOWN, .body = ""},
    {"300", {"HTTP/1.1 300 x\r\nLocation: /y\r\n\r\n"}, .err = ERR_HTTP_STATUS, .says = "300",
     .status = 300, .length = UNKNOWN, .body = ""},
    {"redirect refused", {"HTTP/1.1 302 x\r\nLocation: /y\r\n\r\n", "HTTP/1.1 500 x\r\n\r\n"},
     .err = ERR_HTTP_STATUS, .says = "h/y (Internal", .status = 500, .redirects = 1, .length = UNKNOWN,
     .body = "", .final = "http://h/y"},
    // Resumes: ABC lies there already.
    {"resume", {PARTIAL "Content-Range: bytes 3-4/5\r\nContent-Length: 2\r\n\r\nlo"}, .status = 206,
     .length = 5, .body = "ABClo", .offset = 3, .validator = "\"v\"", .known_length = 5},
    {"resume, chunked",
     {PARTIAL "Content-Range: bytes 3-4/5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nlo\r\n0\r\n\r\n"},
     .status = 206, .length = 5, .body = "ABClo", .offset = 3},
    {"resume, until close", {PARTIAL "Content-Range: bytes 3-4/5\r\n\r\nlo"}, .status = 206, .length = 5,
     .body = "ABClo", .offset = 3},
    {"resume, total known", {PARTIAL "Content-Range: bytes 3-4/*\r\nContent-Length: 2\r\n\r\nlo"},
     .status = 206, .length = 5, .body = "ABClo", .offset = 3, .known_length = 5},
    {"resume, total not known", {PARTIAL "Content-Range: bytes 3-4/*\r\n\r\nlo"},
     .err = ERR_INVALID_RESPONSE, .says = "how long the whole is", .status = 206, .length = UNKNOWN,
     .body = "", .offset = 3, .known_length = UNKNOWN},
    {"resume, beyond total", {PARTIAL "Content-Range: bytes 3-9/*\r\n\r\nlo"}, .err = ERR_INVALID_RESPONSE,
     .says = "ends at byte 9 of 5", .status = 206, .length = UNKNOWN, .body = "", .offset = 3,
     .known_length = 5},
    {"resume, just beyond total", {PARTIAL "Content-Range: bytes 3-5/*\r\n\r\nlo!"},
     .err = ERR_INVALID_RESPONSE, .says = "ends at byte 5 of 5", .status = 206, .length = UNKNOWN,
     .body = "", .offset = 3, .known_length = 5},
    {"resume, part of the rest", {PARTIAL "Content-Range: bytes 3-4/9\r\n\r\nlo"},
     .err = ERR_BODY_TRUNCATED, .says = "got 5 of 9 bytes", .status = 206, .length = 9, .body = "ABClo",
     .offset = 3},
    {"resume, truncated", {PARTIAL "Content-Range: bytes 3-8/9\r\nContent-Length: 6\r\n\r\nlo"},
     .err = ERR_BODY_TRUNCATED, .says = "got 5 of 9 bytes", .status = 206, .length = 9, .body = "ABClo",
     .offset = 3},
    {"resume, short chunks",
     {PARTIAL "Content-Range: bytes 3-8/9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nlo\r\n0\r\n\r\n"},
     .err = ERR_BODY_TRUNCATED, .says = "got 5 of 9 bytes", .status = 206, .length = 9, .body = "ABClo",
     .offset = 3},
    {"resume, long chunks",
     {PARTIAL "Content-Range: bytes 3-4/5\r\nTransfer-Encoding: chunked\r\n\r\n"
              "2\r\nlo\r\n1\r\n!\r\n0\r\n\r\n"},
     .err = ERR_INVALID_RESPONSE, .says = "longer than the 2 bytes", .status = 206, .length = 5,
     .body = "ABClo", .offset = 3},
    {"resume elsewhere", {PARTIAL "Content-Range: bytes 2-4/5\r\n\r\nllo"}, .err = ERR_INVALID_RESPONSE,
     .says = "asked for byte 3 on, Content-Range begins at 2", .status = 206, .length = UNKNOWN, .body = "",
     .offset = 3},
    {"resume without range", {PARTIAL "\r\nlo"}, .err = ERR_INVALID_RESPONSE, .says = "no Content-Range",
     .status = 206, .length = UNKNOWN, .body = "", .offset = 3},
    {"resume, wrong length", {PARTIAL "Content-Range: bytes 3-4/5\r\nContent-Length: 3\r\n\r\nlo!"},
     .err = ERR_INVALID_RESPONSE, .says = "Content-Length 3 is not that", .status = 206, .length = UNKNOWN,
     .body = "", .offset = 3},
    {"resume, backwards", {PARTIAL "Content-Range: bytes 4-3/5\r\n\r\n"}, .err = ERR_INVALID_RESPONSE,
     .says = "makes no sense", .status = 206, .length = UNKNOWN, .body = "", .offset = 3},
    {"resume, unsatisfied 206", {PARTIAL "Content-Range: bytes */5\r\n\r\n"}, .err = ERR_INVALID_RESPONSE,
     .says = "asked for byte 3", .status = 206, .length = UNKNOWN, .body = "", .offset = 3},
    {"resume, gzip", {PARTIAL "Content-Range: bytes 3-4/5\r\nContent-Encoding: gzip\r\n\r\n"},
     .err = ERR_UNSUPPORTED, .says = "gzip", .status = 206, .length = UNKNOWN, .body = "", .offset = 3},
    {"resume, ranges ignored", {OK "Content-Length: 5\r\n\r\nhello"}, .status = 200, .length = 5,
     .body = "hello", .offset = 3, .restarted = true},
    {"resume, other tag", {PARTIAL "Content-Range: bytes 3-4/5\r\nETag: \"w\"\r\n\r\nlo",
     OK "Content-Length: 5\r\n\r\nHELLO"}, .status = 200, .length = 5, .body = "HELLO", .offset = 3,
     .validator = "\"v\"", .known_length = 5, .restarted = true},
    {"resume, same tag",
     {PARTIAL "Content-Range: bytes 3-4/5\r\nETag: \"v\"\r\nLast-Modified: x\r\n\r\nlo"}, .status = 206,
     .length = 5, .body = "ABClo", .offset = 3, .validator = "\"v\"", .known_length = 5},
    {"resume, other date",
     {PARTIAL "Content-Range: bytes 3-4/5\r\nETag: \"v\"\r\nLast-Modified: x\r\n\r\nlo", OK "\r\nHELLO"},
     .status = 200, .length = UNKNOWN, .body = "HELLO", .offset = 3, .validator = "y", .known_length = 5,
     .restarted = true},
    {"resume, other length", {PARTIAL "Content-Range: bytes 3-4/5\r\n\r\nlo",
     OK "Content-Length: 5\r\n\r\nHELLO"}, .status = 200, .length = 5, .body = "HELLO", .offset = 3,
     .known_length = 6, .restarted = true},
    {"resume, then 206 again", {PARTIAL "Content-Range: bytes 3-4/5\r\n\r\nlo",
     PARTIAL "Content-Range: bytes 0-4/5\r\n\r\nhello"}, .err = ERR_INVALID_RESPONSE, .says = "206",
     .status = 206, .length = UNKNOWN, .body = "", .offset = 3, .known_length = 6},
    {"resume, all there", {"HTTP/1.1 416 x\r\nContent-Range: bytes */3\r\n\r\n"}, .status = 416,
     .length = 3, .body = "ABC", .offset = 3},
    {"resume, shorter now", {"HTTP/1.1 416 x\r\nContent-Range: bytes */2\r\n\r\n",
     OK "Content-Length: 2\r\n\r\nhe"}, .status = 200, .length = 2, .body = "he", .offset = 3,
     .restarted = true},
    {"resume, all there but not of it", {"HTTP/1.1 416 x\r\nContent-Range: bytes */3\r\n\r\n",
     OK "Content-Length: 3\r\n\r\nhey"}, .status = 200, .length = 3, .body = "hey", .offset = 3,
     .known_length = 5, .restarted = true},
    {"resume, 416 but more is there",
     {"HTTP/1.1 416 x\r\nContent-Range: bytes */9\r\n\r\n", OK "Content-Length: 2\r\n\r\nhe"},
     .status = 200, .length = 2, .body = "he", .offset = 3, .restarted = true},
    {"resume, bare 416", {"HTTP/1.1 416 x\r\n\r\n", OK "Content-Length: 2\r\n\r\nhe"}, .status = 200,
     .length = 2, .body = "he", .offset = 3, .restarted = true},
    {"resume, 416 for ever", {"HTTP/1.1 416 x\r\n\r\n", "HTTP/1.1 416 x\r\n\r\n"}, .err = ERR_HTTP_STATUS,
     .says = "416", .status = 416, .length = UNKNOWN, .body = "", .offset = 3},
    {"resume over a redirect", {"HTTP/1.1 302 x\r\nLocation: /y\r\n\r\n",
     PARTIAL "Content-Range: bytes 3-4/5\r\n\r\nlo"}, .status = 206, .redirects = 1, .length = 5,
     .body = "ABClo", .offset = 3, .final = "http://h/y"},
};
// clang-format on

#endif
