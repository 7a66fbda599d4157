# fob's part of fish. The function fob passes its arguments to the program unchanged;
# only the output of fob use is evaluated, to change this shell's variables.
function fob --description 'AWS credentials'
    if test "$argv[1]" = use
        set -e argv[1]
        __fob_use $argv
    else
        @FOB@ $argv
    end
end

# An alias is a function of its name, and takes the place of this one if the start-up file
# makes it later: the first prompt brings this one back.
functions -e __fob_function
functions -c fob __fob_function
function __fob_first --on-event fish_prompt
    functions -e __fob_first
    functions -e fob
    functions -c __fob_function fob
end

function __fob_use
    set -l __fob_lines (@FOB@ use --shell=fish $argv)
    or return
    string join \n -- $__fob_lines | source
end

# Saves the values of variables before fob use sets them. Universal variables are not
# changed; a global one hides them in this shell.
function __fob_keep
    for __fob_name in $argv
        if set -qg $__fob_name
            set -g __FOB_WAS_$__fob_name $$__fob_name
        end
    end
end

# Saves variables and unsets them.
function __fob_drop
    __fob_keep $argv
    for __fob_name in $argv
        set -eg $__fob_name
        if set -qU $__fob_name
            set -gu $__fob_name
        end
    end
end

# Restores variables. Without a saved value, a variable is unset, unless its name has a
# minus before it.
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
