/*
 * The only program of the guest: measures a system call as `perf bench syscall basic` does, and prints it
 * in its words. How many calls it makes is its argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
	const long calls = count > 1 ? atol(arguments[count - 1]) : 0;
	struct utsname name;

	if (calls <= 0 || uname(&name))
		return 1;
	printf("BOOTED %s\n", name.release);
	for (int turn = 0; turn < 3; turn++) {
		double start = seconds();

		for (long call = 0; call < calls; call++)
			syscall(SYS_getppid);
		printf("%14.6f usecs/op\n", (seconds() - start) * 1e6 / calls);
	}
	puts("COMPLETE");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 1;
}
