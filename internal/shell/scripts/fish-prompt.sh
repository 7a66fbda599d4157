
if not functions -q __fob_prompt_before
    functions -c fish_prompt __fob_prompt_before
    function __fob_status
        return $argv[1]
    end
    function fish_prompt
        set -l __fob_status $status
        printf %s (fob_prompt)
        __fob_status $__fob_status
        __fob_prompt_before
    end
end
