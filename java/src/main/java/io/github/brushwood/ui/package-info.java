/** Windows of the plugin: dialogs made from the commands' tables, reports and help. */
package io.github.brushwood.ui;
