// Words of command lines that the page proposes.

/** Text as one word of a shell's line. @param {string} text */
export function shellWord(text) {
  if (/^[\w./+=:@,%][\w./+=:@,%-]*$/.test(text)) return text;
  const quoted = `'${text.replaceAll("'", "'\\''")}'`;
  return text.startsWith("-") ? `./${quoted}` : quoted;
}
