# fob's part of zsh. The function fob passes its arguments to the program unchanged;
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
	\builtin emulate -L zsh
	\builtin unalias fob 2>/dev/null || \builtin :
	precmd_functions=(${precmd_functions:#__fob_first})
}
if [[ -o interactive && -z ${precmd_functions[(r)__fob_first]-} ]]; then
	precmd_functions+=(__fob_first)
fi

function __fob_use {
	\builtin emulate -L zsh
	\builtin setopt no_aliases
	\builtin local __fob_lines
	__fob_lines=$(@FOB@ use --shell=zsh "$@") || \builtin return
	\builtin eval "$__fob_lines"
}

# Saves the values of variables before fob use sets them.
function __fob_keep {
	\builtin emulate -L zsh
	\builtin local __fob_name
	for __fob_name in "$@"; do
		if (( ${(P)+__fob_name} )); then
			\builtin typeset -g +x "__FOB_WAS_$__fob_name=${(P)__fob_name}"
		fi
	done
}

# Saves variables and unsets them.
function __fob_drop {
	__fob_keep "$@"
	\builtin unset "$@"
}

# Restores variables. Without a saved value, a variable is unset, unless its name has a
# minus before it.
function __fob_back {
	\builtin emulate -L zsh
	\builtin local __fob_name __fob_was
	for __fob_name in "$@"; do
		__fob_was=__FOB_WAS_${__fob_name#-}
		if (( ${(P)+__fob_was} )); then
			\builtin export "${__fob_name#-}=${(P)__fob_was}"
			\builtin unset $__fob_was
		elif [[ $__fob_name != -* ]]; then
			\builtin unset $__fob_name
		fi
	done
}

# For a PROMPT with the option prompt_subst: PROMPT='$(fob_prompt)%~ %# '. It keeps
# the exit status ($?).
function fob_prompt {
	\builtin local __fob_status=$?
	if [[ -n ${AWS_PROFILE-} ]]; then
		if [[ $# -eq 0 ]]; then
			\builtin set -- --format '({name}{ left}) '
		fi
		@FOB@ prompt --shell=zsh "$@"
	fi
	\builtin return $__fob_status
}
