#compdef fob
function _fob {
	local -a args lines found
	local -i directive dashes=${words[(i)--]}
	if [[ ${words[2]-} == exec ]] && (( dashes < CURRENT )); then
		shift $dashes words
		(( CURRENT -= dashes ))
		_normal
		return
	fi
	args=()
	if (( CURRENT > 2 )); then
		args=("${(@Q)words[2,CURRENT-1]}")
	fi
	lines=("${(@f)$(@FOB@ __complete "${args[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
	directive=${lines[-1]#:}
	lines[-1]=()
	if [[ $PREFIX == --*=* ]]; then
		compset -P '*='
	fi
	local line
	local -a names shown open
	for line in "${lines[@]}"; do
		if [[ $line == */ ]]; then
			open+=("$line")
		elif [[ -n $line ]]; then
			names+=("${line%%$'\t'*}")
			shown+=("${line/$'\t'/ -- }")
		fi
	done
	if (( directive & 2 )); then
		open+=("${names[@]}")
		names=()
	fi
	(( $#open )) && compadd -S '' -a open
	if (( $#names )); then
		if [[ "${names[*]}" == "${shown[*]}" ]]; then
			compadd -a names
		else
			compadd -l -d shown -a names
		fi
	fi
	if (( ! $#open && ! $#names && ! (directive & 4) )); then
		_files
	fi
}
# This text is evaluated by an rc file, or is the file _fob in a directory of fpath. In an
# rc file it may run before compinit.
if [[ ${funcstack[1]-} == _fob ]]; then
	_fob "$@"
elif (( ${+functions[compdef]} )); then
	compdef _fob fob
else
	function __fob_compdef {
		if (( ${+functions[compdef]} )); then
			compdef _fob fob
		fi
		precmd_functions=("${(@)precmd_functions:#__fob_compdef}")
	}
	if [[ -z ${precmd_functions[(r)__fob_compdef]-} ]]; then
		precmd_functions+=(__fob_compdef)
	fi
fi
