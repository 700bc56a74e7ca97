// Loaded into npm before its own code: npm may fetch and resolve, but start no process, whatever a package asks for.
'use strict';
const child = require('node:child_process');
function refuse() {
  throw Object.assign(new Error('Sigyl lets npm start no process'), { code: 'EPERM' });
}
child.ChildProcess.prototype.spawn = refuse;
for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']) {
  child[name] = refuse;
}
require('node:module').syncBuiltinESMExports();
