# launch.pl MPIRUN ARGUMENT...: runs mpirun with its own input and output, and passes its standard error on
# without the banners that only repeat the exit status of a program, which has printed its reason itself.
# Whatever else mpirun says stays, and a signal that ended a rank is always named. The exit status is that of
# mpirun. Open MPI itself can only print all or nothing.
#
# A signal to this process goes to mpirun. A signal to the process group, such as Ctrl-C in a terminal, has
# reached mpirun already; it would take a second one for impatience and leave its ranks behind. A guard in the
# same process group tells the two apart. If this process is killed, the guard kills mpirun.
use strict;
use warnings;
use Config;
use Errno qw(EAGAIN EINTR);
use POSIX qw(:signal_h :sys_wait_h);

my @forwarded = qw(HUP INT QUIT ABRT ALRM TERM USR1 USR2 TSTP CONT);
my $bar       = "-" x 74 . "\n";
# Open MPI 4 and 5
my $repeats = qr/ (?:Primary|Child)\ job\b[^\n]*\breturned\n[^\n]*non-zero\ exit\ code
                | \S+\ detected\ that\ one\ or\ more\ processes\ exited\ with\ non-zero\ status /x;
my $abort = qr/ MPI_ABORT\ was\ invoked | \S+\ has\ exited\ due\ to\ process[^\n]*calling\n"abort" /x;
# More banners of MPI_Abort than one; Open MPI 5 on a rank that has gone; libevent in Open MPI 4 on a rank
# that closed its pipe early; a signal that reached the ranks
my $noise = qr/ \[\S+:\d+\]\ \d+\ more\ process\w*\ ha\w+\ sent\ help\ message\ \S+\ \/\ mpi-abort
              | \[\S+:\d+\]\ \S+\ ORTE_ERROR_LOG:\ [^\n]*\ in\ file\ \S*show_help\.c\ at\ line\ \d+
              | \[\S+:\d+\]\ Set\ MCA\ parameter\ "orte_base_help_aggregate"\ [^\n]*
              | \[\S+:\d+\]\ PMIX\ ERROR:\ PMIX_ERR_UNREACH\ in\ file\ [^\n]*
              | \[warn\]\ Epoll\ \S+\ on\ fd\ \d+\ failed[^\n]*
              | \S+:\ Forwarding\ signal\ \d+\ to\ job /x;

my $name = $ARGV[0] =~ s/.*\///r;
my ($text, $line_start)        = ("", 1);    # not yet judged
my ($passed, $explained, $abort_banners) = (0, 0, "");

sub show {
    my ($part) = @_;
    $passed ||= $part =~ /[^\s\0]/;    # Open MPI 5 forwards bytes of 0
    while (length $part) {
        my $written = syswrite STDERR, $part;
        if (defined $written) {
            substr($part, 0, $written) = "";
        } elsif ($! == EAGAIN) {
            vec(my $full = "", fileno(STDERR), 1) = 1;
            select undef, $full, undef, 1;
        } elsif ($! != EINTR) {
            return;    # nobody reads it
        }
    }
}

sub judge {
    my ($banner) = @_;
    if ($banner =~ /\A$abort/) {
        $abort_banners .= "$bar$banner$bar";
    } elsif ($banner !~ /\A$repeats/) {
        $explained = 1;
        show("$bar$banner$bar");
    }
}

# Passes on what is judged; all of the text if nothing more will come.
sub judge_text {
    my ($last) = @_;
    while (length $text) {
        if ($line_start) {
            if ($text =~ s/\A$bar(.*?^)$bar//ms) {
                judge($1);
                next;
            }
            next if $text =~ s/\A$noise\n//;
            # The beginning of a banner, or of a line that may be noise
            my $begun = $text =~ /\A$bar/ || $bar =~ /\A\Q$text/ || $text =~ /\A(?:\[|\S+: For)[^\n]*\z/;
            return if $begun && !$last;
        }
        $text =~ s/\A([^\n]*\n|[^\n]+)//;
        show($1);
        $line_start = substr($1, -1) eq "\n";
    }
}

sub fail {
    my ($status, $why) = @_;
    print STDERR "$name: $why\n";
    POSIX::_exit($status);
}

my ($all, $before) = (POSIX::SigSet->new(map { POSIX->can("SIG$_")->() } @forwarded), POSIX::SigSet->new);
sigprocmask(SIG_BLOCK, $all, $before);
pipe(my $errors, my $to_errors) && pipe(my $alive, my $to_alive) && pipe(my $notes, my $to_notes)
    or fail(3, "no pipe: $!");

my $mpirun = fork // fail(3, "no process: $!");
if (!$mpirun) {
    open my $own_errors, ">&", \*STDERR;
    POSIX::dup2(fileno($to_errors), 2);
    sigprocmask(SIG_SETMASK, $before);
    no warnings "exec";
    exec {$ARGV[0]} @ARGV;
    my $status = $!{ENOENT} ? 127 : 126;
    print $own_errors "$name: cannot run $ARGV[0]: $!\n";
    close $own_errors;
    POSIX::_exit($status);
}
close $to_errors;

my $guard = fork // fail(3, "no process: $!");
if (!$guard) {
    close $to_alive;
    close $errors;
    for my $signal (@forwarded) {
        $SIG{$signal} = sub { syswrite $to_notes, "$signal\n" };
    }
    sigprocmask(SIG_SETMASK, $before);
    while (1) {
        my $got = sysread $alive, my $byte, 1;
        last if defined $got || $! != EINTR;
    }
    kill "KILL", $mpirun;
    POSIX::_exit(0);
}
close $to_notes;
close $alive;

my @pending;
for my $signal (@forwarded) {
    $SIG{$signal} = sub { push @pending, $signal };
}
$SIG{PIPE} = "IGNORE";
$SIG{CHLD} = sub { };    # ends a wait
sigprocmask(SIG_SETMASK, $before);

# Waits at most a second for input from a file and reads it; "" at its end, undef: nothing came.
sub input {
    my ($file, $seconds) = @_;
    vec(my $ready = "", fileno($file), 1) = 1;
    return undef if select($ready, undef, undef, $seconds) < 1;
    my $got = sysread $file, my $data, 65536;
    return defined $got ? $data : undef;
}

my %to_group;    # when a signal came to the whole group
sub forward {
    my ($signal) = @_;
    for (1 .. 10) {
        last if time - ($to_group{$signal} // 0) <= 1;
        my $came = input($notes, 0.01) // "";
        $to_group{$_} = time for split /\n/, $came;
    }
    kill $signal, $mpirun if time - ($to_group{$signal} // 0) > 1;
    kill "STOP", $$ if $signal eq "TSTP";
}

my ($open, $status) = (1, undef);
while (!defined $status) {
    while (defined(my $signal = shift @pending)) { forward($signal) }
    my $came = $open ? input($errors, 1) : do { select undef, undef, undef, 1; undef };
    if (defined $came) {
        $open = length $came;
        $text .= $came;
        judge_text(0);
    } elsif ($text !~ /\A$bar(?:$repeats|$abort)/) {
        judge_text(1);    # a prompt, for example
    }
    $status = $? if waitpid($mpirun, WNOHANG) == $mpirun;
}
kill "KILL", $guard;
while ($open && defined(my $came = input($errors, 0))) {
    $open = length $came;
    $text .= $came;
}
judge_text(1);

# mpirun that dies of a signal
my $exit = WIFEXITED($status) ? WEXITSTATUS($status) : 0;
show($abort_banners) if !$passed;
if ($exit == 137) {
    show("$name: SIGKILL ended a rank, often for lack of memory: fewer ranks on a node, or more memory\n");
} elsif ($exit > 128 && $exit <= 128 + 64 && !$explained) {
    show("$name: SIG" . (split / /, $Config{sig_name})[$exit - 128] . " ended a rank\n");
}
if (WIFSIGNALED($status)) {
    my $signal = WTERMSIG($status);
    sigaction($signal, POSIX::SigAction->new("DEFAULT"));
    kill $signal, $$;
}
POSIX::_exit($exit);
