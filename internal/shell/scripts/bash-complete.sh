
# Completion; it needs no package bash-completion. The typed words are not evaluated.
function __fob_complete {
	\builtin local rest="${COMP_LINE:0:COMP_POINT}" trimmed word piece i dashes=0
	\builtin local -a words
	words=()
	# Readline splits words at :, = and other characters; this joins them again.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		trimmed=${rest#"${rest%%[![:blank:]]*}"}
		piece=${COMP_WORDS[i]-}
		((i < COMP_CWORD)) || piece=$trimmed
		if ((i > 0)) && [[ $trimmed == "$rest" ]]; then
			words[${#words[@]} - 1]+=$piece
		else
			words+=("$piece")
		fi
		if ((i < COMP_CWORD && !dashes)) && [[ $piece == -- ]]; then dashes=$i; fi
		rest=${trimmed#"$piece"}
	done
	\builtin local last=$((${#words[@]} - 1))
	\builtin local cur="${words[last]}"
	if ((dashes)) && [[ ${words[1]-} == exec ]]; then
		__fob_complete_command "$dashes"
		\builtin return
	fi

	# Readline replaces only the last piece, so the pieces before it are cut from the answers.
	case $piece in
	[:=\<\>\;\|\&\(@]*) piece= ;;
	esac
	\builtin local stays="${cur%"$piece"}" quote=
	case $cur in
	[\"\']*) quote=${cur:0:1} ;;
	esac
	\builtin local -a args
	args=()
	for ((i = 1; i <= last; i++)); do
		word=${words[i]}
		case $word in
		\"*) word=${word#\"} word=${word%\"} ;;
		\'*) word=${word#\'} word=${word%\'} ;;
		*) word=${word//\\/} ;;
		esac
		args+=("$word")
	done
	\builtin local out directive flag=
	out=$(@FOB@ __completeNoDesc "${args[@]}" 2>/dev/null) || \builtin return
	directive=${out##*:}
	out=${out%:*}
	case $word in
	--*=*)
		flag=${word%%=*}=
		word=${word#*=}
		;;
	esac
	COMPREPLY=()
	while IFS= \builtin read -r i; do
		if [[ -z $i || $i != "$word"* ]]; then continue; fi
		case $quote in
		\") [[ $i != *[\$\`\"\\]* ]] || continue ;;
		\') [[ $i != *\'* ]] || continue ;;
		*) [[ $i != *[!A-Za-z0-9_.@+%:/=,-]* ]] || \builtin printf -v i %q "$i" ;;
		esac
		i=$flag$i
		COMPREPLY+=("${i#"$stays"}")
	done <<<"$out"
	if [[ $(\builtin type -t compopt) != builtin ]]; then \builtin return; fi
	if ((directive & 4)); then compopt +o default; fi
	if ((directive & 2)) || [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
}

# Completes the command after fob exec with that command's own completion.
function __fob_complete_command {
	if \builtin declare -F _command_offset >/dev/null; then
		_command_offset $(($1 + 1))
	elif ((COMP_CWORD == $1 + 1)); then
		\builtin local word
		COMPREPLY=()
		while IFS= \builtin read -r word; do
			COMPREPLY+=("$word")
		done < <(\builtin compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

\builtin complete -o default -F __fob_complete fob
