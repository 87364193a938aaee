#!/usr/bin/env python3
"""Serves an application over HTTP until SIGINT or SIGTERM:

    http_server.py [MANIFEST [ADDRESS]]
"""
import logging
import signal
import sys

import spin


# doc: serve
def serve(manifest, address):
    with spin.HttpService(spin.Application.load(manifest), address) as service:
        # The second signal does not wait for what is under way.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: service.stop())
        service.start()
        print(f"serving http://{service.address}", flush=True)
        while not service.wait(0.5):  # Python's signal handlers run between two waits
            pass


# doc: end


def main(manifest="examples/hello", address="127.0.0.1:3000"):
    logging.basicConfig()
    spin.set_log(logging.getLogger("spin"), logging.WARNING)
    try:
        serve(manifest, address)
    except spin.SpinError as error:
        sys.exit(f"http_server: {error}")


main(*sys.argv[1:])
