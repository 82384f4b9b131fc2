import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['build/', 'node_modules/'] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-useless-assignment': 'off', // a loop variable may have a first value for the reader's sake
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  { files: ['examples/**/*.js'], languageOptions: { globals: globals.browser } },
  {
    // the body of a function that is given Module and tables (src/drivers/web/web.c)
    files: ['src/drivers/web/web.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...globals.browser, Module: 'readonly', tables: 'readonly' },
    },
  },
];
