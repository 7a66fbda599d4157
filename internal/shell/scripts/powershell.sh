# fob's part of PowerShell. The function fob passes its arguments to the program unchanged;
# only the output of fob use is evaluated, to change this shell's variables.
function global:fob {
    $words = @($args)
    # PowerShell removes the first -- from a function's arguments, and fob exec needs it, so
    # its place is taken from the command line as typed.
    if ($words -notcontains '--') {
        try {
            $typed = [System.Management.Automation.Language.Parser]::ParseInput(
                $MyInvocation.Line.Substring($MyInvocation.OffsetInLine - 1), [ref]$null, [ref]$null)
            $command = $typed.Find({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
            $texts = @($command.CommandElements | ForEach-Object { $_.Extent.Text })
            $at = [Array]::IndexOf($texts, '--')
            if ($at -gt 0 -and $texts.Count -eq $words.Count + 2) {
                $words = @(@($words | Select-Object -First ($at - 1)) + '--' + @($words | Select-Object -Skip ($at - 1)))
            }
        } catch { }
    }
    if ($words.Count -gt 0 -and $words[0] -ceq 'use') {
        $rest = @($words | Select-Object -Skip 1)
        $lines = & @FOB@ use '--shell=powershell' @rest | Out-String
        if ($LASTEXITCODE -eq 0 -and $lines) { Invoke-Expression $lines }
    } elseif ($MyInvocation.ExpectingInput) {
        $input | & @FOB@ @words
    } else {
        & @FOB@ @words
    }
}

# An alias of that name would come before the function.
if (Test-Path Alias:\fob) { Remove-Item -Force Alias:\fob }

# Saves the values of variables before fob use sets them.
function global:__fob_keep {
    foreach ($name in $args) {
        if (Test-Path -LiteralPath "Env:$name") {
            Set-Variable -Scope Global -Name "__FOB_WAS_$name" -Value (Get-Item -LiteralPath "Env:$name").Value
        }
    }
}

# Saves variables and unsets them.
function global:__fob_drop {
    __fob_keep @args
    foreach ($name in $args) { Remove-Item -ErrorAction SilentlyContinue -LiteralPath "Env:$name" }
}

# Restores variables. Without a saved value, a variable is unset, unless its name has a
# minus before it.
function global:__fob_back {
    foreach ($one in $args) {
        $name = "$one".TrimStart('-')
        $was = Get-Variable -Scope Global -Name "__FOB_WAS_$name" -ErrorAction SilentlyContinue
        if ($was) {
            Set-Item -LiteralPath "Env:$name" -Value $was.Value
            Remove-Variable -Scope Global -Name "__FOB_WAS_$name"
        } elseif ("$one" -ceq $name) {
            Remove-Item -ErrorAction SilentlyContinue -LiteralPath "Env:$name"
        }
    }
}

# For the function prompt.
function global:fob_prompt {
    if ($Env:AWS_PROFILE) {
        $status = $global:LASTEXITCODE
        $format = @($args)
        if ($format.Count -eq 0) { $format = @('--format', '({name}{ left}) ') }
        -join (& @FOB@ prompt '--shell=powershell' @format)
        $global:LASTEXITCODE = $status
    }
}
