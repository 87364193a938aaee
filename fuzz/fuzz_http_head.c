/* The head of a response as libcurl hands it over, in lines: names are in lower case, all is within
 * the limit. */
#include <stdlib.h>

#include "base/slice.h"
#include "net/curl_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    curl_head_t head = {.limit_bytes = 2000};
    spin_slice_t rest = spin_slice_of(data, size);
    bool good = true;
    while (good && rest.len > 0) {
        size_t end = slice_find(rest, '\n');
        end += end < rest.len;
        bool was_whole = head.is_whole;
        size_t fields = head.fields.len;
        good = curl_head_take(&head, spin_slice_of(rest.ptr, end));
        require(good || head.too_large);
        require(!was_whole || (head.is_whole && head.fields.len == fields));
        rest = slice_from(rest, end);
    }
    size_t bytes = 0;
    for (size_t i = 0; i < head.fields.len; i++) {
        spin_slice_t name = head.fields.items[i].name;
        require(name.len > 0);
        for (size_t j = 0; j < name.len; j++)
            require(name.ptr[j] < 'A' || name.ptr[j] > 'Z');
        bytes += name.len + head.fields.items[i].value.len;
    }
    require(bytes <= head.limit_bytes);
    curl_head_remove(&head, "content-length");
    require(curl_head_find(&head, "content-length").ptr == NULL);
    curl_head_deinit(&head);
    return 0;
}
