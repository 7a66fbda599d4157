// Parses PowerShell from stdin and fails if anything of it is not PowerShell.
// There is no PowerShell in Debian; this is its grammar.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { Language, Parser } from 'web-tree-sitter'

await Parser.init()
const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/package.json').replace('package.json', 'tree-sitter-powershell.wasm')
const parser = new Parser()
parser.setLanguage(await Language.load(grammar))
const wrong = []
const walk = (node) => {
  if (node.isError || node.isMissing) wrong.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`)
  node.children.forEach(walk)
}
walk(parser.parse(fs.readFileSync(0, 'utf8')).rootNode)
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(1)
}
