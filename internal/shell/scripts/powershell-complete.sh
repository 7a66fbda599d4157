
# Completion. The typed words are not evaluated.
Register-ArgumentCompleter -Native -CommandName fob -ScriptBlock {
    param($current, $command, $cursor)
    $words = @($command.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    $plain = "$current".Trim("'`"")
    $last = $plain
    if (-not $last -and $PSVersionTable.PSVersion -lt [version]'7.3') { $last = '""' }
    $lines = @(& @FOB@ __complete @words $last 2>$null)
    $lines | Select-Object -SkipLast 1 | ForEach-Object {
        $name, $doc = "$_" -split "`t", 2
        if ($plain -match '^(--[^=]+=)') { $name = $Matches[1] + $name }
        if (-not $name.StartsWith($plain)) { return }
        $text = $name
        if ($text -notmatch '^[A-Za-z0-9_.+%:/=-]+$') { $text = "'" + ($text -replace "(['\u2018\u2019\u201a\u201b])", '$1$1') + "'" }
        if (-not $doc) { $doc = $name }
        [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $doc)
    }
}
