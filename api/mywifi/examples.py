"""The document's example answers as values: what the API document shows, and what tests compare with."""

from __future__ import annotations

from datetime import date

from api.mywifi import bodies
from api.mywifi import history_bodies as history
from api.mywifi import line_bodies as line

USER = bodies.User(
    uid="2f0d1e6b-1234-4c9f-bc36-6e5d4fabc001",
    name="John Doe",
    email="john@example.com",
    phone=628123456789,
    phonecode=62,
    address="Jl. Merdeka 123",
    image="default1.jpg",
    is_active=True,
    gender="Male",
    role_name="Customer",
)
TOKEN = bodies.Token(token="eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...", expires_in=3600, data=USER)  # noqa: S106 - an example
CODE_SENT = bodies.CodeSent(destination="62812****789")

REGIONS = bodies.RegionList(data=(bodies.Named(1, "Region Jakarta"),))
PACKAGES = bodies.PackageList(
    data=(
        bodies.Package(
            id=12,
            name="Home 50 Mbps",
            price=300000,
            description="Unlimited broadband",
            category_id=3,
            category=bodies.Named(3, "Internet"),
            company_id=1,
        ),
    )
)

CUSTOMER = bodies.CustomerFound(
    customer=bodies.CustomerProfile(
        uid="cst-001",
        name="John Doe",
        email="john@example.com",
        phone=628123456789,
        no_services="ISP00123",
        address="Jl. Fiber No. 1",
        address_verified_date=date(2023, 1, 12),
        register_date=date(2023, 1, 10),
        activation_date=date(2023, 1, 11),
        email_verified_date=date(2023, 1, 12),
        id_card_verified_date=None,
        id_type_id=1,
        id_type="Identity Card (KTP)",
        id_number="3201010101010001",
        status="active",
        service=bodies.SubscribedService(
            1, 300000, 300000, bodies.PackageName("Home 50 Mbps", "Unlimited broadband")
        ),
    )
)
CUSTOMER_CREATED = bodies.CustomerCreated(
    customer=bodies.NewCustomer("1700000000", "John Doe", "john@example.com")
)
ALREADY_SUBSCRIBED = bodies.AlreadySubscribed(no_services="1700000000")
ID_TYPES = bodies.IdTypeList(
    id_types=(
        bodies.Named(1, "Identity Card (KTP)"),
        bodies.Named(2, "Passport"),
        bodies.Named(3, "Driving License (SIM)"),
    )
)
ID_CARD_CHANGED = bodies.IdCardChanged(customer=bodies.IdCard(1, "Identity Card (KTP)", "3201010101010001"))
EMAIL_CHANGED = bodies.EmailChanged(customer=bodies.Email("new@example.com"))
ADDRESS_CHANGED = bodies.AddressChanged(customer=bodies.Address("Jl. Baru No. 99"))
PHONE_CHANGED = bodies.PhoneChanged(customer=bodies.Phone(62, 8123456789))

LINE = line.LineFound(
    data=line.LineState(
        no_services="ISP00123",
        name="John Doe",
        mode="PPPOE",
        router=line.RouterName("RT-01"),
        customer=line.LineUser("john_pppoe", "REG50M"),
        connection=line.ConnectionSection(
            status="online",
            is_online=True,
            ip_address="10.10.10.2",
            uptime=line.Duration("1d2h3m4s", 93784, "1d 2h 3m 4s"),
            notes=(),
        ),
        usage=line.UsageSection(125000, 250000, 375000),
        session=line.SessionSection(
            total=2,
            active=True,
            active_session=line.CurrentSession(
                id="R123456",
                uptime=line.Duration("2h1m", 7260, "2h 1m"),
                download_bytes=150000,
                upload_bytes=75000,
                nas_ip="10.10.10.1",
                caller_id="aa:bb:cc:dd:ee:ff",
            ),
            totals=line.SessionTotals(94000, 450000, 200000),
        ),
    )
)

HISTORY = history.HistoryFound(
    data=history.LineHistory(
        no_services="ISP00123",
        period="24h",
        begins="2026-11-21T03:15:00Z",
        ends="2026-11-22T03:07:12Z",
        step_minutes=15,
        is_online=True,
        totals=history.HistoryTotals(85_800, 85_500, 99, 1, 1_200_000_000, 12_400_000_000),
        stretches=(history.HistoryStretch("2026-11-22T03:00:00Z", 420, 420, 0, 13_000_000, 140_000_000),),
    )
)

_JOHN = bodies.CustomerHead("John Doe", "ISP00123", "john@example.com")
_BROKEN, _RESTART = bodies.HelpName("Gangguan koneksi"), bodies.HelpName("Restart modem")
TICKETS = bodies.HelpList(
    customer=_JOHN,
    data=(
        bodies.HelpTicket(
            id=1,
            no_ticket="240101001",
            no_services="ISP00123",
            description="Internet down sejak pagi.",
            status="pending",
            date_help=date(2024, 1, 1),
            created_at="2024-01-01 10:00:00",
            help_type=_BROKEN,
            help_solution=_RESTART,
        ),
    ),
)
HELP_OPTIONS = bodies.HelpOptions(
    help_types=(bodies.Named(1, "Gangguan koneksi"),),
    help_solutions=(bodies.Solution(1, "Restart modem", "Silakan matikan lalu nyalakan router.", 1),),
)
TICKET_OPENED = bodies.HelpCreated(
    data=bodies.OpenedTicket(
        id=2,
        no_ticket="240101002",
        help_type=_BROKEN,
        help_solution=_RESTART,
        description="Internet sering putus-putus.",
        status="pending",
        date_help=date(2024, 1, 1),
    )
)
TIMELINE = bodies.HelpTimeline(
    ticket=bodies.TicketName(1, "240101001"),
    data=(
        bodies.TimelineEntry("Tiket dibuat oleh pelanggan.", "pending", "John Doe", "2024-01-01 10:00:00"),
        bodies.TimelineEntry(
            "Teknisi sedang menuju lokasi.", "process", "Admin Helpdesk", "2024-01-01 11:30:00"
        ),
    ),
)
TICKET_CLOSED = bodies.HelpClosed(
    ticket=bodies.TicketName(1, "240101001"),
    timeline=bodies.ClosingEntry(
        "Tiket ditutup oleh pelanggan.", "closed", "John Doe", "by customer", "2024-01-01 12:00:00"
    ),
)

INVOICES = bodies.InvoiceList(
    customer=_JOHN,
    data=(
        bodies.CustomerInvoice(
            invoice="INV-2401-001",
            month=1,
            year=2024,
            status="unpaid",
            due_date=date(2024, 1, 10),
            amount=350000,
            tax=0,
            discount=0,
            period="January 2024",
            payment_codes={
                "va_bni": "999001ISP00123",
                "alfamart": "ALFAISP00123",
                "indomaret": "INDOISP00123",
            },
            details=(
                bodies.InvoiceDetail("Paket Internet 50 Mbps", 300000, 1, 0, 300000),
                bodies.InvoiceDetail("PPN", 50000, 1, 0, 50000),
            ),
        ),
    ),
)
BILLS = bodies.BillList(
    data=(
        bodies.BilledInvoice(
            invoice=230130001,
            month=1,
            year=2023,
            period="January 2023",
            name="John Doe",
            no_services="ISP00123",
            amount=277500,
            status="BELUM BAYAR",
            due_date=date(2023, 1, 10),
            isolir_date=date(2023, 1, 20),
            payment_date=None,
            detail=(
                bodies.BillDetail(250000, 1, 0, 250000, "Internet 50 Mbps", "Internet", "-"),
                bodies.BillDetail(27500, 1, 0, 27500, "PPN", "Tax", "-"),
            ),
        ),
    )
)
