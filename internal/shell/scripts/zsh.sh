# fob's part of zsh. What is typed as fob goes to the program as it is; only
# fob use acts on this shell.
function fob {
	case ${1-} in
	use)
		\builtin shift
		__fob_use "$@"
		;;
	*) @FOB@ "$@" ;;
	esac
}

function __fob_use {
	\builtin emulate -L zsh
	\builtin setopt no_aliases
	\builtin local __fob_lines
	__fob_lines=$(@FOB@ use --shell=zsh "$@") || \builtin return
	\builtin eval "$__fob_lines"
}

# Keeps what variables were before fob use sets them.
function __fob_keep {
	\builtin emulate -L zsh
	\builtin local __fob_name
	for __fob_name in "$@"; do
		if (( ${(P)+__fob_name} )); then
			\builtin typeset -g +x "__FOB_WAS_$__fob_name=${(P)__fob_name}"
		fi
	done
}

# Keeps variables and removes them.
function __fob_drop {
	__fob_keep "$@"
	\builtin unset "$@"
}

# Gives variables back; those without a minus are removed if there was nothing.
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

# For a PROMPT with the option prompt_subst: PROMPT='$(fob_prompt)%~ %# '. The exit
# status stays.
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
