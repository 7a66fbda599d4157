# fob's part of bash. The function fob passes its arguments to the program unchanged;
# only the output of fob use is evaluated, to change this shell's variables.
function fob {
	case ${1-} in
	use)
		\builtin shift
		__fob_use "$@"
		;;
	*) @FOB@ "$@" ;;
	esac
}

# An alias of that name would come first: one made before this line goes now, one that
# the start-up file makes behind it, at the first prompt.
\builtin unalias fob 2>/dev/null || \builtin :
function __fob_first {
	\builtin local __fob_status=$?
	\builtin unalias fob 2>/dev/null || \builtin :
	PROMPT_COMMAND=${PROMPT_COMMAND/__fob_first;/}
	\builtin return $__fob_status
}
case $-${PROMPT_COMMAND-} in
*__fob_first*) ;;
*i*) PROMPT_COMMAND="__fob_first;${PROMPT_COMMAND-}" ;;
esac

function __fob_use {
	\builtin local __fob_lines
	__fob_lines=$(@FOB@ use --shell=bash "$@") || \builtin return
	\builtin eval "$__fob_lines"
}

# Saves the values of variables before fob use sets them.
function __fob_keep {
	\builtin local __fob_name
	for __fob_name in "$@"; do
		\builtin eval "if [ -n \"\${$__fob_name+x}\" ]; then __FOB_WAS_$__fob_name=\$$__fob_name; \\builtin export -n __FOB_WAS_$__fob_name; fi"
	done
}

# Saves variables and unsets them.
function __fob_drop {
	__fob_keep "$@"
	\builtin unset -v "$@"
}

# Restores variables. Without a saved value, a variable is unset, unless its name has a
# minus before it.
function __fob_back {
	\builtin local __fob_name __fob_gone
	for __fob_name in "$@"; do
		__fob_gone="\\builtin unset -v $__fob_name"
		case $__fob_name in
		-*)
			__fob_name=${__fob_name#-}
			__fob_gone=:
			;;
		esac
		\builtin eval "if [ -n \"\${__FOB_WAS_$__fob_name+x}\" ]; then
			\\builtin export $__fob_name=\"\$__FOB_WAS_$__fob_name\"
			\\builtin unset -v __FOB_WAS_$__fob_name
		else $__fob_gone; fi"
	done
}

# For PS1, in single quotes: PS1='$(fob_prompt)\w \$ '. It keeps the exit status ($?).
function fob_prompt {
	\builtin local __fob_status=$?
	if [ -n "${AWS_PROFILE-}" ]; then
		if [ $# -eq 0 ]; then
			\builtin set -- --format '({name}{ left}) '
		fi
		@FOB@ prompt --shell=bash "$@"
	fi
	\builtin return $__fob_status
}
