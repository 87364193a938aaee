// A CGI program in Go: net/http/cgi reads the request from the environment and standard input.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
)

func handle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("content-type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hello from Go! %s %s\n", r.Method, r.URL.Path)
	if _, err := io.Copy(w, r.Body); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func main() {
	if err := cgi.Serve(http.HandlerFunc(handle)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
