// The Linux headers that `import Glibc` leaves out: packet sockets, netlink, namespaces, epoll.
// Header-only: nothing here is compiled, the module only makes the declarations importable.
//
// _GNU_SOURCE stays undefined, as it is for Glibc's own module: it changes the members of types that both modules
// contain (fd_set), and the compiler refuses a file that imports both. The few functions that it would have declared are
// declared below.
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>

// sched.h: setns(2), unshare(2).
extern int setns(int descriptor, int type);
extern int unshare(int flags);
// unistd.h: pipe2(2).
extern int pipe2(int ends[2], int flags);
// pthread.h: pthread_setname_np(3).
extern int pthread_setname_np(pthread_t thread, const char *name);

// sys/prctl.h: prctl(2) with one argument; its own declaration takes any number, which Swift cannot call.
static inline int prctl_with(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }
