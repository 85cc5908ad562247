# Fills Request Tracker 5 through its own API: one ticket for each line of a JSON file, [subject, what the customer says, solution, customer].
# Mails and other automatic actions are switched off: they are not what is compared.
use strict; use warnings; use utf8;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use JSON; use MIME::Entity; use Encode;
my $scrips = RT::Scrips->new(RT->SystemUser); $scrips->UnLimit;
while (my $one = $scrips->Next) { $one->SetDisabled(1) unless $one->Disabled }
open(my $file, '<:raw', $ARGV[0]) or die $!;
$RT::Handle->BeginTransaction;
my $count = 0;
while (my $line = <$file>) {
    my ($subject, $said, $solved, $who) = @{decode_json($line)};
    my $mime = MIME::Entity->build(Type => 'text/plain', Charset => 'utf-8', Data => [Encode::encode_utf8($said)]);
    my $ticket = RT::Ticket->new(RT->SystemUser);
    my ($id, undef, $error) = $ticket->Create(Queue => 'General', Subject => $subject, Requestor => $who, MIMEObj => $mime);
    die $error unless $id;
    $ticket->Correspond(Content => $solved);
    $ticket->SetStatus('resolved') unless $count % 20 == 0;
    if (++$count % 200 == 0) { $RT::Handle->Commit; $RT::Handle->BeginTransaction; print "$count\n" if $count % 1000 == 0; $| = 1 }
}
$RT::Handle->Commit;
