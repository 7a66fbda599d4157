
# Completion. The typed words are not evaluated.
function __fob_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    if test "$words[1]" = exec
        set -l dashes (contains -i -- -- $words)
        if test -n "$dashes"
            set -l rest
            test $dashes -lt (count $words)
            and set rest (string escape -- $words[(math $dashes + 1)..-1])
            complete -C (string join ' ' -- $rest $current)
            return
        end
    end
    set -l plain (string unescape -- $current)
    or set plain $current
    set -l lines (@FOB@ __complete $words "$plain" 2>/dev/null)
    or return
    set -l directive (string sub -s 2 -- $lines[-1])
    set -e lines[-1]
    set -l flag (string match -r -- '^--[^=]+=' $plain)
    if test (count $lines) -eq 0; and test (math "$directive % 8") -lt 4
        __fish_complete_path $current
    end
    for line in $lines
        printf '%s\n' "$flag$line"
    end
end
complete -c fob -e
complete -c fob -f -a '(__fob_complete)'
