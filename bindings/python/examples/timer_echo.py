#!/usr/bin/env python3
"""A trigger of a new type, "timer", in Python: on every interval it calls `echo` in the application's
first component and prints what comes back.
"""
import argparse
import pathlib
import sys

import spin


# doc: timer
class Timer(spin.Trigger):
    def __init__(self, echo, ticks):
        self.echo, self.ticks = echo, ticks
        self.begun = self.ended = 0

    def open(self, setup):
        self.component = setup.application.components[0]
        self.interval = setup.settings.duration("interval", default=1)
        if self.interval == 0:
            raise setup.settings.error("interval", "must be more than zero")
        setup.settings.integer("ticks", 1, default=0)  # known; the command line's counts here

    def start(self, worker):
        worker.every(self.interval, self.tick)

    def tick(self, worker):
        if self.begun == self.ticks:
            return  # the last one takes longer than the interval
        self.begun += 1

        def done(answer, error):
            print(answer if error is None else f"tick: {error}", flush=True)
            self.ended += 1
            if self.ended == self.ticks:
                worker.stop()

        worker.call(self.component, self.echo, [f"tick {self.begun}"], done)


# doc: end


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=5, help="how many, and then it ends")
    parser.add_argument("manifest", nargs="?", default="examples/spin-timer-echo/spin.toml")
    options = parser.parse_args()
    try:
        path = pathlib.Path(options.manifest)
        wit = spin.Wit.load((path if path.is_dir() else path.parent) / "echo.wit")
        application = spin.Application.load(options.manifest)
        timer = Timer(wit.function("echo"), options.ticks)
        with spin.TriggerService("timer", timer, application) as service:
            service.run()
    except spin.SpinError as error:
        sys.exit(f"timer_echo: {error}")


main()
