// The headers in C++: every one of them, with the linkage of C.
#include <spin/spin.h>

#include <cstdio>
#include <memory>
#include <string>

struct unref {
    void operator()(spin_application_t *application) const {
        spin_application_unref(application);
    }
};

static std::string text(spin_slice_t slice) {
    return std::string(reinterpret_cast<const char *>(slice.ptr), slice.len);
}

int main() {
    spin_application_t *raw = nullptr;
    spin_error_t *error = spin_application_parse(
        spin_slice("spin_version = \"1\"\nname = \"plus\"\nversion = \"1.0.0\"\n"
                   "trigger = { type = \"http\", base = \"/\" }\n[[component]]\nid = \"it\"\n"
                   "source = \"it.wasm\"\n[component.trigger]\nroute = \"/\"\n"),
        "spin.toml", &raw);
    if (error != nullptr) {
        std::fprintf(stderr, "%s\n", spin_error_message(error));
        spin_error_free(error);
        return 1;
    }
    std::unique_ptr<spin_application_t, unref> application(raw);
    return text(spin_application_name(application.get())) == "plus" ? 0 : 1;
}
