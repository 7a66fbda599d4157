
# Uses psvar, not prompt_subst, which would expand everything else in PROMPT too.
function __fob_precmd {
	psvar[9]=
	if [[ -n ${AWS_PROFILE-} ]]; then
		psvar[9]=$(@FOB@ prompt --format '({name}{ left}) ')
	fi
}
if [[ -z ${precmd_functions[(r)__fob_precmd]-} ]]; then
	precmd_functions+=(__fob_precmd)
	PROMPT='%9v'${PROMPT-}
fi
