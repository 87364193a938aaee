/* What the validator says of instances, core modules and canonical definitions. Each case has its
 * text before it; the bytes are what a WebAssembly assembler makes of that. */
#include "validate_cases.h"

static const validate_case_t instances[] = {
    /* (component (component $c (import "f" (func (param "x" u32)))) (import "g" (func $g (param "x"
       u32))) (instance (instantiate $c (with "f" (func $g))))) */
    {"argument", NULL,
     "0061736d0d000100041a0061736d0d000100070801400101787901000a06010001660100070801400101787901000"
     "a0601000167010005080100000101660100"},
    /* (component (component $c (import "f" (func (param "x" u32)))) (instance (instantiate $c))) */
    {"missing", "import \"f\" is missing",
     "0061736d0d000100041a0061736d0d000100070801400101787901000a06010001660100050401000000"},
    /* (component (component $c (import "f" (func (param "x" u32)))) (import "g" (func $g (param "x"
       u64))) (instance (instantiate $c (with "f" (func $g))))) */
    {"another type", "import \"f\": parameter \"x\": u64 stands where u32 should",
     "0061736d0d000100041a0061736d0d000100070801400101787901000a06010001660100070801400101787701000"
     "a0601000167010005080100000101660100"},
    /* (component (component $c (import "f" (func (param "x" u32)))) (import "g" (func $g (param "y"
       u32))) (instance (instantiate $c (with "f" (func $g))))) */
    {"another name", "parameter \"y\" stands where \"x\" should",
     "0061736d0d000100041a0061736d0d000100070801400101787901000a06010001660100070801400101797901000"
     "a0601000167010005080100000101660100"},
    /* (component (component $c (import "f" (func))) (import "g" (func $g async)) (instance
       (instantiate $c (with "f" (func $g))))) */
    {"async for sync", "one function is async and the other is not",
     "0061736d0d00010004170061736d0d000100070501400001000a06010001660100070501430001000a06010001670"
     "10005080100000101660100"},
    /* (component (component $c (import "r" (type $r (sub resource))) (import "f" (func (param "x"
       (own $r))))) (import "s" (type $s (sub resource))) (import "g" (func $g (param "x" (own
       $s)))) (instance (instantiate $c (with "r" (type $s)) (with "f" (func $g))))) */
    {"resource given", NULL,
     "0061736d0d00010004240061736d0d0001000a06010001720301070a026900400101780101000a060100016601020"
     "a06010001730301070a026900400101780101000a06010001670102050c010000020172030001660100"},
    /* (component (component $c (import "r" (type $r (sub resource))) (import "f" (func (param "x"
       (own $r))))) (import "s" (type $s (sub resource))) (import "t" (type $t (sub resource)))
       (import "g" (func $g (param "x" (own $s)))) (instance (instantiate $c (with "r" (type $t))
       (with "f" (func $g))))) */
    {"two resources", "the handles are of different resource types",
     "0061736d0d00010004240061736d0d0001000a06010001720301070a026900400101780101000a060100016601020"
     "a0b0200017303010001740301070a026900400101780201000a06010001670103050c01000002017203010166010"
     "0"},
    /* (component (component $p (type $r (resource (rep i32))) (export "r" (type $r)))(component $u
       (import "a" (type $a (sub resource))) (import "b" (type $b (eq $a)))) (instance $x
       (instantiate $p)) (instance (instantiate $u (with "a" (type $x "r")) (with "b" (type $x
       "r"))))) */
    {"one instance's resource", NULL,
     "0061736d0d00010004170061736d0d0001000704013f7f000b070100017203000004160061736d0d0001000a0c020"
     "001610301000162030000050401000000060b0203000001720300000172050c010001020161030001620301"},
    /* (component (component $p (type $r (resource (rep i32))) (export "r" (type $r)))(component $u
       (import "a" (type $a (sub resource))) (import "b" (type $b (eq $a)))) (instance $x
       (instantiate $p)) (instance $y (instantiate $p)) (instance (instantiate $u (with "a" (type $x
       "r")) (with "b" (type $y "r"))))) */
    {"each instance has its own", "the resource types differ",
     "0061736d0d00010004170061736d0d0001000704013f7f000b070100017203000004160061736d0d0001000a0c020"
     "001610301000162030000050702000000000000060b0203000001720300010172050c01000102016103000162030"
     "1"},
    /* (component (component $c (import "d" (component (import "i" (func)) (export "e" (func)))))
       (component $d (import "i" (func $f)) (export "e" (func $f))) (instance (instantiate $c (with
       "d" (component $d))))) */
    {"component argument", NULL,
     "0061736d0d000100042b0061736d0d0001000719014104014000010003000169010001400001000400016501010a0"
     "601000164040004200061736d0d000100070501400001000a060100016901000b0701000165010000050801000001"
     "01640401"},
    /* (component (component $c (import "d" (component (export "e" (func))))) (component $d (import
       "i" (func $f)) (export "e" (func $f))) (instance (instantiate $c (with "d" (component $d)))))
     */
    {"component that wants more", "import \"i\" is missing",
     "0061736d0d00010004200061736d0d000100070e01410201400001000400016501000a06010001640400042000617"
     "36d0d000100070501400001000a060100016901000b070100016501000005080100000101640401"},
    /* (component (import "i" (instance $i (export "f" (func)) (export "g" (func)))) (export "e"
       (instance $i) (instance (export "g" (func))))) */
    {"narrowed export", NULL,
     "0061736d0d0001000719014204014000010004000166010001400001000400016701010a06010001690500070e014"
     "20201400001000400016701000b09010001650500010501"},
    /* (component (import "i" (instance $i)) (export "e" (instance $i) (instance (export "g"
       (func))))) */
    {"widened export", "the instance does not export \"g\"",
     "0061736d0d00010007030142000a06010001690500070e01420201400001000400016701000b09010001650500010"
     "501"},
};
static const validate_case_t core[] = {
    /* (component (core module $m (import "a" "f" (func))) (core module $n (func (export "f")))
       (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance
       $i))))) */
    {"import", NULL,
     "0061736d0d00010001170061736d01000000010401600000020701016101660000011f0061736d010000000104016"
     "0000003020100070501016600000a040102000b020b0200010000000101611200"},
    /* (component (core module $m (import "a" "f" (func (param i32)))) (core module $n (func (export
       "f"))) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance
       $i))))) */
    {"import of another type", "import \"f\" of \"a\": the core functions differ in type",
     "0061736d0d00010001180061736d0100000001050160017f00020701016101660000011f0061736d0100000001040"
     "160000003020100070501016600000a040102000b020b0200010000000101611200"},
    /* (component (core module $m (import "a" "f" (func))) (core instance (instantiate $m))) */
    {"not given", "the module imports \"a\", which is not given",
     "0061736d0d00010001170061736d01000000010401600000020701016101660000020401000000"},
    /* (component (core module (import "a" "f" (func)) (import "a" "f" (func (param i32))))) */
    {"imported twice", "\"f\" is imported from \"a\" twice",
     "0061736d0d00010001210061736d0100000001080260000060017f00020d02016101660000016101660001"},
    /* (component (core module $m (import "a" "m" (memory 1 4))) (core module $n (memory (export
       "m") 2 3)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a"
       (instance $i))))) */
    {"larger memory", NULL,
     "0061736d0d00010001130061736d010000000209010161016d0201010401150061736d01000000050401010203070"
     "501016d0200020b0200010000000101611200"},
    /* (component (core module $m (import "a" "m" (memory 1 4))) (core module $n (memory (export
       "m") 2)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a"
       (instance $i))))) */
    {"memory without bound", "the memory may grow beyond 4",
     "0061736d0d00010001130061736d010000000209010161016d0201010401140061736d01000000050301000207050"
     "1016d0200020b0200010000000101611200"},
    /* (component (core module $m (import "a" "g" (global i32))) (core module $n (global (export
       "g") (mut i32) (i32.const 0))) (core instance $i (instantiate $n)) (core instance
       (instantiate $m (with "a" (instance $i))))) */
    {"mutability", "one global is mutable",
     "0061736d0d00010001120061736d0100000002080101610167037f0001170061736d010000000606017f0141000b0"
     "7050101670300020b0200010000000101611200"},
    /* (component (import "m" (core module $m (import "a" "f" (func)) (export "g" (func)))) (core
       module $n (func (export "f"))) (core instance $i (instantiate $n)) (core instance $j
       (instantiate $m (with "a" (instance $i)))) (alias core export $j "g" (core func))) */
    {"module type", NULL,
     "0061736d0d000100031701500401600000000161016600000160000003016700010a070100016d001100011f00617"
     "36d0100000001040160000003020100070501016600000a040102000b020b02000100000001016112000607010000"
     "01010167"},
    /* (component (core module $m (type $s (sub (func))) (type $t (sub $s (func))) (import "a" "f"
       (func (type $s)))) (core module $n (type $s (sub (func))) (type $t (sub $s (func))) (func
       (export "f") (type $t))) (core instance $i (instantiate $n)) (core instance (instantiate $m
       (with "a" (instance $i))))) */
    {"subtype", NULL,
     "0061736d0d000100011f0061736d01000000010c02500060000050010060000002070101610166000001270061736"
     "d01000000010c02500060000050010060000003020101070501016600000a040102000b020b020001000000010161"
     "1200"},
    /* (component (core module $m (type $s (sub (func))) (type $t (sub $s (func))) (import "a" "f"
       (func (type $t)))) (core module $n (type $s (sub (func))) (type $t (sub $s (func))) (func
       (export "f") (type $s))) (core instance $i (instantiate $n)) (core instance (instantiate $m
       (with "a" (instance $i))))) */
    {"supertype", "the core functions differ in type",
     "0061736d0d000100011f0061736d01000000010c02500060000050010060000002070101610166000101270061736"
     "d01000000010c02500060000050010060000003020100070501016600000a040102000b020b020001000000010161"
     "1200"},
    /* (component (core rec (type $a (struct (field (ref null $b)))) (type $b (struct (field (ref
       null $a)))))) */
    {"shared recursion group", NULL, "0061736d0d000100030d014e025f016301005f01630000"},
    /* (component (core type $a (func)) (core rec (type (sub final 0 (func))))) */
    {"final supertype", "extends one that is final",
     "0061736d0d000100030c026000004e014f0100600000"},
};
static const validate_case_t canon[] = {
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (param "x" u32) (result
       u32) (canon lift (core func $i "g")))) */
    {"lift", NULL,
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "01000000070801400101787900790607010000010001670806010000000000"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (param "x" u64) (result
       u32) (canon lift (core func $i "g")))) */
    {"lift of another type", "core function 0 has not the type that lifting needs",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "01000000070801400101787700790607010000010001670806010000000000"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (param "x" string)
       (canon lift (core func $i "g")))) */
    {"string without memory", "option \"memory\" is needed",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "01000000070801400101787301000607010000010001670806010000000000"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (param "x" string)
       (canon lift (core func $i "g") (memory $i "mem")))) */
    {"string without realloc", "option \"realloc\" is needed",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000007080140010178730100060f0200000100016700020100036d656d08080100000001030000"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (canon lift (core func
       $i "f") (memory $i "mem") (realloc (func $i "g"))))) */
    {"realloc of another type", "option \"realloc\" has not its type",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "010000000705014000010006150300000100016600020100036d656d000001000167080a0100000002030004010"
     "0"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (canon lift (core func
       $i "f") (post-return (func $i "g"))))) */
    {"post-return of another type", "option \"post-return\" has not its type",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000007050140000100060d0200000100016600000100016708080100000001050100"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (canon lift (core func
       $i "f") string-encoding=utf8 string-encoding=utf16))) */
    {"two encodings", "is there twice",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "010000000705014000010006070100000100016608080100000002000100"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (canon lift (core func
       $i "f") async))) */
    {"async for sync", "needs a function of async type",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000007050140000100060701000001000166080701000000010600"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (func (canon lift (core func
       $i "f") (callback (func $i "g"))))) */
    {"callback without async", "option \"callback\" needs option \"async\"",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000007050140000100060d0200000100016600000100016708080100000001070100"},
    /* (component (import "f" (func $f (param "x" string) (result string))) (core module $m (memory
       (export "mem") 1) (func (export "f")) (func (export "g") (param i32) (result i32) i32.const
       0) (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)) (core instance
       $i (instantiate $m)) (core func (canon lower (func $f) (memory $i "mem") (realloc (func $i
       "realloc"))))) */
    {"lower", NULL,
     "0061736d0d000100070801400101787300730a0601000166010001510061736d0100000001110360000060017f017"
     "f60047f7f7f7f017f0304030001020503010001071904036d656d02000166000001670001077265616c6c6f630002"
     "0a0e0302000b040041000b040041000b02040100000006150200020100036d656d00000100077265616c6c6f63080"
     "9010100000203000400"},
    /* (component (import "f" (func $f)) (core module $m (memory (export "mem") 1) (func (export
       "f")) (func (export "g") (param i32) (result i32) i32.const 0) (func (export "realloc")
       (param i32 i32 i32 i32) (result i32) i32.const 0)) (core instance $i (instantiate $m)) (core
       func (canon lower (func $f) (post-return (func $i "f"))))) */
    {"lower with post-return", "for lifting only",
     "0061736d0d000100070501400001000a0601000166010001510061736d0100000001110360000060017f017f60047"
     "f7f7f7f017f0304030001020503010001071904036d656d02000166000001670001077265616c6c6f6300020a0e03"
     "02000b040041000b040041000b020401000000060701000001000166080701010000010500"},
    /* (component (type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func
       (canon resource.drop $r)) (core func (canon resource.rep $r))) */
    {"resource.new", NULL, "0061736d0d0001000704013f7f00080703020003000400"},
    /* (component (import "r" (type $r (sub resource))) (core func (canon resource.rep $r))) */
    {"resource.rep of an import", "resource type 0 is not defined here",
     "0061736d0d0001000a060100017203010803010400"},
    /* (component (type $t (future u8)) (core func (canon stream.new $t))) */
    {"stream.new of a future", "stream.new is of type 0, a future",
     "0061736d0d00010007040165017d0803010e00"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (type $t (stream u8)) (core
       func (canon stream.read $t async (memory $i "mem")))) */
    {"stream.read", NULL,
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000007040166017d06090100020100036d656d0807010f0002060300"},
    /* (component (type $t (stream u8)) (core func (canon stream.read $t async))) */
    {"stream.read without memory", "option \"memory\" is needed",
     "0061736d0d00010007040166017d0805010f000106"},
    /* (component (core func (canon context.get i32 0)) (core func (canon context.set i64 0))) */
    {"context of two types", "context slots are of two types",
     "0061736d0d0001000807020a7f000b7e00"},
    /* (component (core func (canon context.get i32 1))) */
    {"second context slot", "context slot 1 is not there", "0061736d0d0001000804010a7f01"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (core func (canon task.return
       (result string) (memory $i "mem")))) */
    {"task.return", NULL,
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000006090100020100036d656d080701090073010300"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (core func (canon task.return
       (result string) (memory $i "mem") (realloc (func $i "realloc"))))) */
    {"task.return with realloc", "not for task.return",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "0100000006150200020100036d656d00000100077265616c6c6f630809010900730203000400"},
};

static void matches_instances(void **state) {
    (void)state;
    CHECK_CASES(instances);
}

static void matches_core_modules(void **state) {
    (void)state;
    CHECK_CASES(core);
}

static void knows_canonical_definitions(void **state) {
    (void)state;
    CHECK_CASES(canon);
}

static void survives_without_memory(void **state) {
    (void)state;
    check_without_memory(instances, sizeof instances / sizeof *instances);
    check_without_memory(core, sizeof core / sizeof *core);
    check_without_memory(canon, sizeof canon / sizeof *canon);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_instances),
        cmocka_unit_test(matches_core_modules),
        cmocka_unit_test(knows_canonical_definitions),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
