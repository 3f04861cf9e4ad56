#ifndef CUNWIND_H
#define CUNWIND_H

// Nothing is called from here: the linker puts these in the place of what the start-up code of a static executable calls
// (`--wrap` in Package.swift).

void __wrap___register_frame_info(const void *begin, void *object);
void *__wrap___deregister_frame_info(const void *begin);

#endif
