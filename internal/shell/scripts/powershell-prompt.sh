
if (-not (Test-Path Function:\__fob_prompt_before)) {
    Copy-Item Function:\prompt Function:\global:__fob_prompt_before
    function global:prompt { "$(fob_prompt)$(__fob_prompt_before)" }
}
