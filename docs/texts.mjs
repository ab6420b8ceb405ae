// A plugin for typedoc: options and errors carry their meaning as data, because programs print it too. The documentation takes
// it from there, so that each text stands once: `.describe('…')` of a zod schema, and the sentence of a `[status, 'sentence']`.
import { Comment, CommentTag, Converter } from 'typedoc'
import ts from 'typescript'

/** The argument of the call to `method` that stands anywhere in a chain such as `z.string().describe('…').optional()`. */
function argument(node, method) {
  for (; ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression); node = node.expression.expression) {
    if (node.expression.name.text === method) return node.arguments[0]
  }
  return undefined
}

function commentOf(initializer) {
  if (ts.isArrayLiteralExpression(initializer)) {
    const [status, sentence] = initializer.elements
    return ts.isStringLiteralLike(sentence)
      ? new Comment([{ kind: 'text', text: `${sentence.text} (HTTP ${status.getText()})` }])
      : undefined
  }
  const text = argument(initializer, 'describe')
  if (text === undefined || !ts.isStringLiteralLike(text)) return undefined
  const comment = new Comment([{ kind: 'text', text: `${text.text}.` }])
  const fallback = argument(initializer, 'default')
  if (fallback) comment.blockTags.push(new CommentTag('@defaultValue', [{ kind: 'code', text: `\`${fallback.getText()}\`` }]))
  return comment
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const reflection of Object.values(context.project.reflections)) {
      if (reflection.comment) continue
      const declaration = context.getSymbolFromReflection(reflection)?.declarations?.[0]
      if (declaration && ts.isPropertyAssignment(declaration)) reflection.comment = commentOf(declaration.initializer)
    }
  })
}
