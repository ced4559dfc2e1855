# The unit tests under ThreadSanitizer: all modules, or the ones that are named.

dev_tsan() { # [MODULE]...
    prepare 4000 build test
    local module modules=("$@") result=0
    if ((${#modules[@]} == 0)); then modules=(base crypto net va ca store api); fi
    compile tsan "${modules[@]/%/_test}" || return
    for module in "${modules[@]}"; do
        echo "tsan $module"
        TSAN_OPTIONS="suppressions=$PWD/dev.d/tsan-suppressions:halt_on_error=0" \
            "build/tsan/bin/${module}_test" --gtest_brief=1 || result=1
    done
    return "$result"
}
