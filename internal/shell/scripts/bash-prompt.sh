
case ${PS1-} in
*fob_prompt*) ;;
*) PS1='$(fob_prompt)'${PS1-} ;;
esac
