/* Texts in XML and HTML. */
#ifndef TRIREME_APPS_XML_H
#define TRIREME_APPS_XML_H

#include <stdio.h>

/* Writes a text as the content of an element or of an attribute in quotation marks, so that no text becomes
 * markup. Tabs and line ends are kept; other control characters, which XML cannot hold, and what is not UTF-8
 * are written as in an error line. */
void xml_text(FILE *to, const char *text);

#endif
