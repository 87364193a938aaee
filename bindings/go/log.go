package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"sort"
	"sync"
	"unsafe"
)

// Records come from any thread and from the stacks of guests, on which no Go may run: libspin
// writes them into a pipe, and a goroutine reads them there.
var logging struct {
	mu   sync.Mutex
	fd   *C.int
	pipe *os.File
	done chan struct{}
}

// SetLog hands libspin's records to a logger, nil to none, from level on; what came before has
// been handed on when it returns. It counts for the whole process: call it while no engine or
// service is at work.
func SetLog(logger *slog.Logger, level slog.Level) error {
	logging.mu.Lock()
	defer logging.mu.Unlock()
	C.spin_go_log(nil, C.SPIN_LOG_ERROR)
	if logging.pipe != nil {
		logging.pipe.Close()
		<-logging.done
		C.free(unsafe.Pointer(logging.fd))
		logging.pipe, logging.fd = nil, nil
	}
	if logger == nil {
		return nil
	}
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	logging.fd = (*C.int)(C.malloc(4))
	*logging.fd = C.int(to.Fd()) // and makes it blocking: a record is written whole
	logging.pipe, logging.done = to, make(chan struct{})
	go readLog(from, logger, logging.done)
	C.spin_go_log(logging.fd, levelToC(level))
	return nil
}

const levelTrace = slog.LevelDebug - 4

func levelToC(level slog.Level) C.spin_log_level_t {
	switch {
	case level >= slog.LevelError:
		return C.SPIN_LOG_ERROR
	case level >= slog.LevelWarn:
		return C.SPIN_LOG_WARN
	case level >= slog.LevelInfo:
		return C.SPIN_LOG_INFO
	case level >= slog.LevelDebug:
		return C.SPIN_LOG_DEBUG
	}
	return C.SPIN_LOG_TRACE
}

func readLog(from *os.File, logger *slog.Logger, done chan struct{}) {
	defer close(done)
	defer from.Close()
	levels := map[any]slog.Level{"error": slog.LevelError, "warn": slog.LevelWarn,
		"info": slog.LevelInfo, "debug": slog.LevelDebug, "trace": levelTrace}
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var record map[string]any
		if json.Unmarshal(line, &record) != nil {
			continue
		}
		level, message := levels[record["level"]], record["message"]
		delete(record, "time")
		delete(record, "level")
		delete(record, "message")
		var attrs []slog.Attr
		for key, value := range record {
			attrs = append(attrs, slog.Any(key, value))
		}
		sort.Slice(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
		text, _ := message.(string)
		logger.LogAttrs(context.Background(), level, text, attrs...)
	}
}
