# fob's part of fish. What is typed as fob goes to the program as it is; only
# fob use acts on this shell.
function fob --description 'AWS credentials'
    if test "$argv[1]" = use
        set -e argv[1]
        __fob_use $argv
    else
        @FOB@ $argv
    end
end

function __fob_use
    set -l __fob_lines (@FOB@ use --shell=fish $argv)
    or return
    string join \n -- $__fob_lines | source
end

# Keeps what variables were before fob use sets them. What is universal stays so
# and is only hidden in this shell.
function __fob_keep
    for __fob_name in $argv
        if set -qg $__fob_name
            set -g __FOB_WAS_$__fob_name $$__fob_name
        end
    end
end

# Keeps variables and removes them.
function __fob_drop
    __fob_keep $argv
    for __fob_name in $argv
        set -eg $__fob_name
        if set -qU $__fob_name
            set -gu $__fob_name
        end
    end
end

# Gives variables back; those without a minus are removed if there was nothing.
function __fob_back
    for __fob_arg in $argv
        set -l __fob_name (string replace -r -- '^-' '' $__fob_arg)
        set -l __fob_was __FOB_WAS_$__fob_name
        if set -qg $__fob_was
            set -gx $__fob_name $$__fob_was
            set -eg $__fob_was
        else if test $__fob_name = $__fob_arg; or set -qU $__fob_name
            set -eg $__fob_name
        end
    end
end

# For fish_prompt or fish_right_prompt.
function fob_prompt
    set -l __fob_status $status
    if test -n "$AWS_PROFILE"
        set -q argv[1]
        or set argv --format '({name}{ left}) '
        @FOB@ prompt --shell=fish $argv
    end
    return $__fob_status
end
