/* Rules for single values of a manifest. Each returns NULL when `text` keeps its rule, else what is
 * wrong, in words that follow the value. */
#ifndef MANIFEST_CHECK_H
#define MANIFEST_CHECK_H

#include "base/slice.h"

#define CHECK_ALLOW_ALL_HOSTS "insecure:allow-all"

const char *check_not_empty(spin_slice_t text);
/* Component ids name log files and folders. */
const char *check_component_id(spin_slice_t text);
/* Variables and config keys: they turn into environment variables and paths. */
const char *check_variable_name(spin_slice_t text);
const char *check_environment_name(spin_slice_t text);
/* A label of the component model in snake case. */
const char *check_label(spin_slice_t text);
/* Begins with "/"; "/..." only at the end. */
const char *check_route(spin_slice_t text);
/* A path in front of routes: begins with "/" (or is empty, which is the same as "/"). */
const char *check_base(spin_slice_t text);
/* "host", "host:port", "http://host", "https://host:port/"; an IPv6 address in brackets. */
const char *check_http_host(spin_slice_t text);
const char *check_source_url(spin_slice_t text);
const char *check_digest(spin_slice_t text);
/* The shape of "NAME/VERSION"; the loader looks closer. */
const char *check_reference(spin_slice_t text);
/* A parcel is known by the SHA-256 of what is in it. */
const char *check_parcel(spin_slice_t text);
const char *check_relative_path(spin_slice_t text);
/* An absolute path that has no ".." in it. */
const char *check_guest_path(spin_slice_t text);

#endif
