// What ESLint and its plugins say about flaws. Two rules of the security plugin are left out, because they ask a person
// to look and cannot tell flawed code from mended code: detect-object-injection and detect-non-literal-fs-filename.
import security from 'eslint-plugin-security';
import typescript from 'typescript-eslint';

const rules = {
  'no-await-in-loop': 'error',
  'no-eval': 'error',
  'no-new-func': 'error',
  'security/detect-bidi-characters': 'error',
  'security/detect-buffer-noassert': 'error',
  'security/detect-child-process': 'error',
  'security/detect-eval-with-expression': 'error',
  'security/detect-new-buffer': 'error',
  'security/detect-non-literal-require': 'error',
  'security/detect-possible-timing-attacks': 'error',
  'security/detect-pseudoRandomBytes': 'error',
  'security/detect-unsafe-regex': 'error',
};

export default [
  { files: ['**/*.js'], plugins: { security }, rules },
  { files: ['**/*.ts'], languageOptions: { parser: typescript.parser }, plugins: { security }, rules },
];
