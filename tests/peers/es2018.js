/* Run by chrome69.py: parses scripts as ES2018 with the acorn that node itself carries, and tells what each one uses. */
"use strict";

const acorn = require("internal/deps/acorn/acorn/dist/acorn");
const walk = require("internal/deps/acorn/acorn-walk/dist/walk");

function look(source) {
  let tree;
  try {
    tree = acorn.parse(source, { ecmaVersion: 2018, sourceType: "script" });
  } catch (error) {
    return { error: error.message, globals: [], called: [] };
  }
  const declared = new Set(), used = new Set(), called = new Set();
  walk.full(tree, function (node, _state, type) {
    if (type === "VariablePattern") { declared.add(node.name); }
    if (type === "Identifier") { used.add(node.name); }
    if (type === "CallExpression" && node.callee.type === "MemberExpression" && !node.callee.computed) {
      called.add(node.callee.property.name);
    }
  });
  const globals = Array.from(used).filter(function (name) { return !declared.has(name); });
  return { error: "", globals: globals, called: Array.from(called) };
}

const sources = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({ acorn: acorn.version, found: sources.map(look) }));
